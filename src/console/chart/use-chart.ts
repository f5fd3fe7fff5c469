import { useQuery } from '@tanstack/react-query'
import type { ChartState } from '../../actors/chart-definition.ts'
import { type Chart, chartOf } from '../../model/drawn-chart.ts'
import { read } from '../api/calls-api.ts'
import { faultOf } from '../api/use-read.ts'
import { type ChartLayout, layOut } from './chart-layout.ts'

type PlacedChart = { chart: Chart; layout: ChartLayout }

/** As chart.css and live.css have it. */
const NARROW = '(max-width: 46rem)'

async function place(): Promise<PlacedChart> {
  const chart = chartOf(await read<ChartState>('/api/v1/machines/call'))
  return { chart, layout: await layOut(chart, matchMedia(NARROW).matches) }
}

export type ChartNow = { placed: PlacedChart | null; fault: string | null }

/** The chart of calls, with its places; null until it is there. */
export function useChart(): ChartNow {
  // The chart changes only with the service, and to place it takes a moment: once for each page load is enough.
  const query = useQuery({
    queryKey: ['the chart of calls'],
    queryFn: place,
    staleTime: Infinity,
    gcTime: Infinity,
  })
  return { placed: query.data ?? null, fault: faultOf(query) }
}
