import { z } from 'zod'
import type { CallQueries } from '../../persistence/call-queries.ts'
import type { AsJson } from '../as-json.ts'
import { type AnyRoute, route } from '../route.ts'
import type { ResponseTime } from './response-times.ts'

const seconds = () => z.number().nonnegative().nullable()
const count = () => z.number().int().nonnegative()

const Statistics = z
  .object({
    cache: z.object({ hits: count(), misses: count() }).describe('Look-ups of a cloned voice.'),
    clone: z
      .object({ count: count(), failed: count(), meanSeconds: seconds(), p95Seconds: seconds() })
      .describe('Voices cloned at the vendor, and how long it took.'),
    calls: z.object({ active: count(), byOutcome: z.record(z.string(), count()) }),
    responseTimes: z
      .array(
        z.object({
          route: z.string(),
          count: count(),
          meanSeconds: seconds(),
          p95Seconds: seconds().describe('Null when it is beyond what is measured.'),
        }),
      )
      .describe('Webhooks answered by this node since it started.'),
  })
  .meta({ id: 'Statistics' })

export type Statistics = AsJson<z.output<typeof Statistics>>

/** Tenths of a millisecond; what is behind them is arithmetic, and no measurement. */
const PRECISION = 10_000

const roundedSeconds = (value: number | null) =>
  value === null ? null : Math.round(value * PRECISION) / PRECISION

const rounded = <Times extends Record<'meanSeconds' | 'p95Seconds', number | null>>(times: Times): Times => ({
  ...times,
  meanSeconds: roundedSeconds(times.meanSeconds),
  p95Seconds: roundedSeconds(times.p95Seconds),
})

export function statisticsRoutes(
  queries: Pick<CallQueries, 'statistics'>,
  responseTimes: () => Promise<ResponseTime[]>,
): AnyRoute[] {
  return [
    route({
      method: 'get',
      path: '/statistics',
      summary: 'Cache hits and misses, clone times, calls by outcome, response times',
      answer: { status: 200, description: 'The statistics.', body: Statistics },
      handler: async () => {
        const { clone, ...statistics } = await queries.statistics()
        const times = await responseTimes()
        return { ...statistics, clone: rounded(clone), responseTimes: times.map(rounded) }
      },
    }),
  ]
}
