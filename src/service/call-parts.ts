import type { Logger } from 'pino'
import { CallHost, type StepReport } from '../calls/call-host.ts'
import { callLimits } from '../calls/call-limits.ts'
import { systemClock } from '../calls/clock.ts'
import { CallFeed } from '../calls/feed.ts'
import type { Config } from '../config.ts'
import type { Metrics } from '../metrics.ts'
import type { Storage } from './storage.ts'

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
