import type { Logger } from 'pino'
import type { CallHost } from './call-host.ts'
import type { EffectPayloads } from './effect-jobs.ts'
import { bridgeIn } from './for-release-before.ts'
import type { Provider, Telephony } from './ports.ts'

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

    async 'hang-up-leg'({ callId }) {
      const call = await host.find({ callId })
      if (call) await telephony[call.row.provider].hangUp({ ...call.row, callId })
    },
  }

  async function check({ callId, state, ...bridge }: EffectPayloads['check-leg']): Promise<void> {
    const call = await host.find({ callId })
    if (call?.view.state !== state || call.view.context.bridgeNumber !== bridgeIn(bridge)) return
    const answer = await telephony[call.row.provider].checkLeg({ ...call.row, callId })
    if (typeof answer === 'object') await host.send({ callId }, { type: 'leg.ended', ...answer })
  }

  /** Only where it was asked for: by the time this runs, the leg's own question may have led the call on. */
  async function redirect({ callId, state, ...bridge }: EffectPayloads['redirect-leg']): Promise<void> {
    const call = await host.find({ callId })
    if (call?.view.state !== state || call.view.context.bridgeNumber !== bridgeIn(bridge)) return
    const answer = await telephony[call.row.provider]
      .redirectLeg({ ...call.row, callId }, bridgeIn(bridge))
      .catch((error: unknown) => {
        log.warn({ err: error, callId }, 'the carrier did not redirect the call')
        throw error
      })
    if (typeof answer === 'object') await host.send({ callId }, { type: 'leg.ended', ...answer })
  }
}
