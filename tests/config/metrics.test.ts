import { expect, it } from 'vitest'
import { createMetrics } from '../../src/observability/metrics.ts'

const CONTRACT = {
  precall_calls_total: ['provider', 'direction', 'outcome'],
  precall_calls_active: ['provider', 'state'],
  precall_webhook_seconds: ['route'],
  precall_greeting_seconds: [],
  precall_clone_seconds: ['result'],
  precall_voice_cache_total: ['result'],
  precall_relay_frames_total: ['direction'],
  precall_relay_delay_seconds: [],
  precall_barge_in_seconds: [],
  precall_agent_reconnects_total: [],
  precall_actor_events_total: ['type'],
}

it('has the metrics that were promised, with their labels', () => {
  const { registry } = createMetrics()
  for (const [name, labels] of Object.entries(CONTRACT)) {
    const metric = registry.getSingleMetric(name) as unknown as { labelNames: string[] } | undefined
    expect(metric?.labelNames, name).toEqual(labels)
  }
})

it("has Node's own metrics", async () => {
  expect(await createMetrics().registry.metrics()).toContain('nodejs_eventloop_lag_seconds')
})

it('counts apart from other instances', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.agentReconnects.inc()
  expect(await other.registry.metrics()).toContain('precall_agent_reconnects_total 0')
})
