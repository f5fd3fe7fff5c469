import type { Histogram } from 'prom-client'

export type ResponseTime = {
  route: string
  count: number
  meanSeconds: number | null
  /** Null when it is beyond the last bucket. */
  p95Seconds: number | null
}

type Bucket = { upTo: number; count: number }

/** What the histogram of webhooks knows by now, by route. */
export async function responseTimes(histogram: Histogram<'route'>): Promise<ResponseTime[]> {
  const { values } = await histogram.get()
  const routes = new Set(values.map(({ labels }) => String(labels.route)))
  return [...routes].map((route) => {
    const own = values.filter(({ labels }) => labels.route === route)
    const sum = own.find(({ metricName }) => metricName?.endsWith('_sum'))?.value ?? 0
    const count = own.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0
    const buckets = own.flatMap(({ labels, value }): Bucket[] =>
      'le' in labels ? [{ upTo: Number(labels.le), count: value }] : [],
    )
    return {
      route,
      count,
      meanSeconds: count > 0 ? sum / count : null,
      p95Seconds: quantile(0.95, buckets, count),
    }
  })
}

/** As Prometheus' histogram_quantile reckons: evenly spread within the bucket. Buckets count all below them too. */
function quantile(share: number, buckets: Bucket[], total: number): number | null {
  const rank = share * total
  const at = buckets.findIndex(({ count }) => count >= rank)
  const bucket = buckets[at]
  if (total === 0 || !bucket || !Number.isFinite(bucket.upTo)) return null
  const below = buckets[at - 1] ?? { upTo: 0, count: 0 }
  return below.upTo + (bucket.upTo - below.upTo) * ((rank - below.count) / (bucket.count - below.count))
}
