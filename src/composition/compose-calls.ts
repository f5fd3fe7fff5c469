import type { Logger } from 'pino'
import type { CallEvent } from '../../machines/call-events.ts'
import { isKnownState } from '../../machines/instructions.ts'
import { ActorFeed } from '../actors/actor-feed.ts'
import { CallHost, type StepReport } from '../calls/call-host.ts'
import { callLimits } from '../calls/call-limits.ts'
import type { Provider } from '../calls/ports.ts'
import { ReportKeeper } from '../calls/report-keeper.ts'
import type { CallFeed } from '../calls/view.ts'
import type { Config } from '../config/config.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { FeedAnnouncer } from '../persistence/feed-announcer.ts'
import type { JobDispatcher } from '../persistence/job-dispatcher.ts'
import { systemClock } from '../runtime/clock.ts'
import { passOnStep } from './pass-on-step.ts'
import type { Storage } from './storage.ts'

export type CallParts = {
  host: CallHost
  feed: CallFeed
  announcer: FeedAnnouncer
  dispatcher: JobDispatcher
  reports: ReportKeeper
}

/** The calls and the feed of what happens to them, counted as they go. */
export function createCalls(options: {
  storage: Storage
  config: Config
  metrics: Metrics
  nodeId: string
  isDraining: (provider: Provider) => boolean
  log: Logger
}): CallParts {
  const { storage, config, metrics, nodeId, isDraining, log } = options
  const host = new CallHost({
    nodeId,
    isDraining,
    log,
    store: storage.calls,
    findChart: (names) => storage.charts.find(names),
    clock: systemClock,
    limits: callLimits(config),
    maxConcurrentCalls: config.calls.maxConcurrent,
    onStep(report) {
      count(report, metrics)
      const { row, step } = report
      const { cause } = step.event as { cause?: string }
      const said = { callId: row.id, event: step.event.type, from: step.stateBefore, to: step.stateAfter }
      // An event that names a cause tells of something that went wrong; the vendor's own words for it may name people.
      if (cause) log.warn({ ...said, cause }, 'call stepped')
      else log.info(said, 'call stepped')
      passOnStep(report, step.view.state, { feed, announcer, dispatcher })
    },
  })
  const announcer = storage.announcer(host.actors.kind, nodeId)
  const dispatcher = storage.dispatcher()
  const feed: CallFeed = new ActorFeed({
    async read(callId) {
      const call = await host.find({ callId })
      // What a chart unknown here calls by a name of its own is no news to anybody here.
      return call && isKnownState(call.view.state) ? call.view : null
    },
    findAhead: storage.calls.findAhead,
  })
  const reports = new ReportKeeper({
    tell: async ({ address, event, eventId }) => (await host.send(address, event, { eventId })) !== null,
    clock: systemClock,
    log,
  })
  return { host, feed, announcer, dispatcher, reports }
}

function count({ row, step }: StepReport, metrics: Metrics): void {
  metrics.actorEvents.inc({ type: step.event.type })
  if (step.event.type === 'call.began') {
    const result = { cached: 'hit', cloning: 'miss', default: 'none', cloned: 'miss' }[step.view.voice]
    metrics.voiceCache.inc({ result })
    const { voice } = step.view.context
    if (voice.kind === 'default' && voice.withheld) metrics.voiceWithheld.inc({ reason: voice.withheld })
  }
  if (step.event.type === 'agent.overrideRefused') {
    const { override, isGone } = step.event as Extract<CallEvent, { type: 'agent.overrideRefused' }>
    metrics.agentRefusals.inc({ override, reason: isGone ? 'gone' : 'not_allowed' })
  }
  if (step.end) {
    metrics.calls.inc({ provider: row.provider, direction: row.direction, outcome: step.end.reason })
  }
}
