import { expect, it } from 'vitest'
import { responseTimes } from '../../../src/http/statistics/response-times.ts'
import { statisticsRoutes } from '../../../src/http/statistics/statistics-routes.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { asAdmin, serve, testApp } from '../serve.ts'

const known = {
  cache: { hits: 3, misses: 1 },
  clone: { count: 1, failed: 0, meanSeconds: 2.5, p95Seconds: null },
  calls: { active: 2, byOutcome: { caller_hung_up: 7 } },
}

it('shows what was counted', async () => {
  const { webhookSeconds } = createMetrics()
  webhookSeconds.observe({ route: '/webhooks/inbound' }, 0.004)
  const routes = statisticsRoutes({ statistics: async () => known }, () => responseTimes(webhookSeconds))
  const url = await serve(testApp({ adminRoutes: routes }))
  const response = await fetch(`${url}/api/v1/statistics`, { headers: asAdmin })
  expect(await response.json()).toEqual({
    ...known,
    responseTimes: [
      {
        route: '/webhooks/inbound',
        count: 1,
        meanSeconds: 0.004,
        // Rounded to tenths of a millisecond.
        p95Seconds: 0.0049,
      },
    ],
  })
})

it('reckons the 95th percentile as Prometheus does', async () => {
  const { webhookSeconds } = createMetrics()
  expect(await responseTimes(webhookSeconds)).toEqual([])
  for (let i = 0; i < 90; i++) webhookSeconds.observe({ route: 'a' }, 0.001)
  for (let i = 0; i < 10; i++) webhookSeconds.observe({ route: 'a' }, 0.3)
  webhookSeconds.observe({ route: 'b' }, 60)
  const [a, b] = await responseTimes(webhookSeconds)
  expect(a).toMatchObject({ route: 'a', count: 100, p95Seconds: expect.closeTo(0.375) })
  expect(b).toEqual({ route: 'b', count: 1, meanSeconds: 60, p95Seconds: null })
})
