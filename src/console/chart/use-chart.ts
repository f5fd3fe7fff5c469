import { useEffect, useState } from 'react'
import type { ChartState } from '../../actors/chart-definition.ts'
import { type Chart, chartOf } from '../../model/drawn-chart.ts'
import { AWAY_RETRY_MS, faultWords, isAway, read } from '../api/calls-api.ts'
import { type ChartLayout, layOut } from './chart-layout.ts'

type PlacedChart = { chart: Chart; layout: ChartLayout }

/** As chart.css and live.css have it. */
const NARROW = '(max-width: 46rem)'

/** The chart changes only with the service, and to place it takes a moment: once for each page load is enough. */
let placing: Promise<PlacedChart> | null = null

function placedChart(): Promise<PlacedChart> {
  placing ??= place()
  placing.catch(() => {
    placing = null
  })
  return placing
}

async function place(): Promise<PlacedChart> {
  const chart = chartOf(await read<ChartState>('/api/v1/machines/call'))
  return { chart, layout: await layOut(chart, matchMedia(NARROW).matches) }
}

export type ChartNow = { placed: PlacedChart | null; fault: string | null }

/** The chart of calls, with its places; null until it is there. */
export function useChart(): ChartNow {
  const [now, setNow] = useState<ChartNow>({ placed: null, fault: null })
  useEffect(() => {
    let isWanted = true
    let retry: ReturnType<typeof setTimeout> | undefined
    const ask = () => {
      placedChart().then(
        (placed) => isWanted && setNow({ placed, fault: null }),
        (error: Error) => {
          if (!isWanted) return
          setNow({ placed: null, fault: faultWords(error) })
          if (isAway(error)) retry = setTimeout(ask, AWAY_RETRY_MS)
        },
      )
    }
    ask()
    return () => {
      isWanted = false
      clearTimeout(retry)
    }
  }, [])
  return now
}
