import type { Logger } from 'pino'
import type { LegState } from '../../machines/instructions.ts'
import type { CallHost } from './call-host.ts'
import type { EffectPayloads } from './effect-jobs.ts'
import { type AboutBridge, bridgeIn } from './for-release-before.ts'
import type { LegAddress, LegEnd, Provider, Telephony } from './ports.ts'
import type { CallRow } from './store.ts'

/** Voices are made and forgotten in the voices room. */
type Task = Exclude<keyof EffectPayloads, 'clone-voice' | 'forget-voice'>
type Handlers = { [Name in Task]: (payload: EffectPayloads[Name]) => Promise<void> }

/** Carries out what calls asked the world for. Each may run twice for the same thing, on any node. */
export function effectHandlers(options: {
  host: CallHost
  telephony: Record<Provider, Telephony>
  recordCloneTimeout: (sampleKey: string, callId: string) => Promise<void>
  log: Logger
}): Handlers {
  const { host, telephony, log } = options
  return {
    'record-clone-timeout': ({ callId, sampleKey }) => options.recordCloneTimeout(sampleKey, callId),

    'redirect-leg': redirect,
    'check-leg': check,

    async 'hang-up-leg'({ callId, leg: legId }) {
      const call = await host.find({ callId })
      const leg = call && carriersLeg(call.row, legId)
      if (leg) await telephony[leg.provider].hangUp(leg)
    },
  }

  async function check({ callId, leg: legId, ...asked }: EffectPayloads['check-leg']): Promise<void> {
    const leg = await legWhere({ callId, legId, asked })
    if (leg) await tellEnd(leg, await telephony[leg.provider].checkLeg(leg))
  }

  async function redirect({ callId, leg: legId, ...asked }: EffectPayloads['redirect-leg']): Promise<void> {
    const leg = await legWhere({ callId, legId, asked })
    if (!leg) return
    const answer = await telephony[leg.provider].redirectLeg(leg, bridgeIn(asked)).catch((error: unknown) => {
      log.warn({ err: error, callId, legId: leg.legId }, 'the carrier did not redirect the leg')
      throw error
    })
    await tellEnd(leg, answer)
  }

  /** Only where it was asked for: by the time this runs, the leg's own request may have led the call on. */
  async function legWhere({ callId, legId, asked }: Asked): Promise<CarriersLeg | null> {
    const call = await host.find({ callId })
    if (call?.view.state !== asked.state || call.view.context.bridgeNumber !== bridgeIn(asked)) return null
    return carriersLeg(call.row, legId)
  }

  async function tellEnd({ callId, legId }: CarriersLeg, answer: LegEnd | string): Promise<void> {
    if (typeof answer !== 'string') await host.send({ callId }, { type: 'leg.ended', leg: legId, ...answer })
  }
}

type Asked = { callId: string; legId: string | undefined; asked: { state: LegState } & AboutBridge }
type CarriersLeg = LegAddress & { provider: Provider }

/** Null for a leg that the call does not have, or of which the carrier does not know yet. */
function carriersLeg({ id: callId, legs, publicOrigin }: CallRow, legId?: string): CarriersLeg | null {
  const leg = legId === undefined ? legs[0] : legs.find(({ id }) => id === legId)
  if (!leg || leg.providerCallId === null) return null
  const { id, provider, providerCallId } = leg
  return { callId, legId: id, provider, providerCallId, publicOrigin }
}
