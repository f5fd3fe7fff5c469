import type { Logger } from 'pino'
import type { CallHost } from './call-host.ts'
import type { EffectPayloads } from './effect-jobs.ts'
import type { Provider, Telephony } from './ports.ts'

/** Clones are made in the voices room. */
type Task = Exclude<keyof EffectPayloads, 'clone-voice'>
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

    /** Only for the bridge that it was asked for: by the time this runs, the leg's own poll may have come. */
    async 'move-leg'({ callId, attempt }) {
      const call = await host.find({ callId })
      if (call?.view.state !== 'joining' || call.view.context.attempt !== attempt) return
      try {
        await telephony[call.row.provider].moveLeg({ ...call.row, callId })
      } catch (error) {
        log.warn({ err: error, callId }, 'the carrier did not move the call; its next poll will')
      }
    },

    async 'hang-up-leg'({ callId }) {
      const call = await host.find({ callId })
      if (call) await telephony[call.row.provider].hangUp({ ...call.row, callId })
    },
  }
}
