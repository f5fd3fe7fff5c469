import type { Logger } from 'pino'
import type { CallLimits } from '../../machines/call-events.ts'
import { CallHost, type StepReport } from '../calls/call-host.ts'
import { systemClock } from '../calls/clock.ts'
import { CallFeed } from '../calls/feed.ts'
import type { Config } from '../config.ts'
import type { Metrics } from '../metrics.ts'
import type { Storage } from './storage.ts'

/** A round of hold music may be a whole track of the operator's own; no leg is given up while one may be playing. */
const OWN_TRACK_MS = 10 * 60_000
/** Greeting, one hold round and the carrier's slowness, generously. */
const LEG_PATIENCE_MS = 90_000
/** An agent that is not there within this time is tried once more, or given up. */
const AGENT_CONNECT_MS = 10_000
/** Twilio's own limit of a call. */
const CALL_MAX_MS = 4 * 3_600_000

export function callLimits({ calls, greeting }: Config): CallLimits {
  return {
    cloneMaxWaitMs: calls.cloneMaxWaitMs,
    legPatienceMs: greeting.musicUrl ? OWN_TRACK_MS : LEG_PATIENCE_MS,
    agentConnectMs: AGENT_CONNECT_MS,
    callMaxMs: CALL_MAX_MS,
  }
}

/** The calls and the feed of what happens to them, counted as they go. */
export function createCalls(options: {
  storage: Storage
  config: Config
  metrics: Metrics
  nodeId: string
  isDraining: () => boolean
  log: Logger
}): { host: CallHost; feed: CallFeed } {
  const { storage, config, metrics, nodeId, isDraining, log } = options
  const host = new CallHost({
    ...{ nodeId, isDraining, log },
    store: storage.calls,
    clock: systemClock,
    limits: callLimits(config),
    maxConcurrentCalls: config.calls.maxConcurrent,
    onStep(report) {
      count(report, metrics)
      const { row, step } = report
      const { cause } = step.event as { cause?: string }
      const said = { callId: row.id, event: step.event.type, from: step.stateBefore, to: step.stateAfter }
      // An event that names a cause tells of something that went wrong.
      if (cause) log.warn({ ...said, cause }, 'call stepped')
      else log.info(said, 'call stepped')
      feed.stepped({ callId: row.id, seq: row.lastSeq + 1, state: step.view.state }, step.view)
    },
  })
  const feed = new CallFeed(async (callId) => (await host.find({ callId }))?.view ?? null)
  return { host, feed }
}

function count({ row, step }: StepReport, metrics: Metrics): void {
  metrics.actorEvents.inc({ type: step.event.type })
  if (step.event.type === 'call.began') {
    const result = { cached: 'hit', cloning: 'miss', default: 'none', cloned: 'miss' }[step.view.voice]
    metrics.voiceCache.inc({ result })
  }
  if (step.end) {
    metrics.calls.inc({ provider: row.provider, direction: row.direction, outcome: step.end.reason })
  }
}
