import type { Counter } from 'prom-client'
import { type MediaMetrics, newRelayCounts, type RelayCounts } from '../media/media-metrics.ts'
import type { Metrics } from '../observability/metrics.ts'

/** The relay's plain counts, and a function that brings the registry up to them; the relay itself never waits for a label. */
export function relayMetrics(metrics: Metrics): MediaMetrics & { publish(): void } {
  const counts = newRelayCounts()
  let published = newRelayCounts()
  const pass = <L extends string>(
    counter: Counter<L>,
    field: keyof RelayCounts,
    labels?: Record<L, string>,
  ) => {
    const grown = counts[field] - published[field]
    if (labels) counter.inc(labels, grown)
    else counter.inc(grown)
  }
  return {
    counts,
    observeRelayDelay: (seconds) => metrics.relayDelaySeconds.observe(seconds),
    observeBargeIn: (seconds) => metrics.bargeInSeconds.observe(seconds),
    publish() {
      pass(metrics.relayFrames, 'callerToAgentFrames', { direction: 'caller_to_agent' })
      pass(metrics.relayFrames, 'agentToCallerFrames', { direction: 'agent_to_caller' })
      pass(metrics.relayDroppedFrames, 'callerToAgentDropped', { direction: 'caller_to_agent' })
      pass(metrics.relayDroppedFrames, 'agentToCallerDropped', { direction: 'agent_to_caller' })
      pass(metrics.httpRejections, 'invalidMessages', { reason: 'invalid_media_message' })
      pass(metrics.agentReconnects, 'agentReconnects')
      metrics.mediaSessions.set(counts.liveSessions)
      published = { ...counts }
    },
  }
}
