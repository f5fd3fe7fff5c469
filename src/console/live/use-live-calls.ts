import { useEffect, useMemo, useRef, useState } from 'react'
import type { Chart } from '../../model/drawn-chart.ts'
import { type Change, type FeedNow, type LiveCall, LiveFeed } from '../api/live-feed.ts'
import { ActivityStore } from '../chart/activity-store.ts'
import { activeStates } from '../chart/chart-activity.ts'
import { transitionsTaken } from '../chart/taken-transitions.ts'

const NOTHING: FeedNow = { status: 'connecting', calls: new Map() }

/** All live calls, and what they do in the chart. */
export function useLiveCalls(chart: Chart | null): { now: FeedNow; activity: ActivityStore } {
  const [now, setNow] = useState<FeedNow>(NOTHING)
  const activity = useMemo(() => new ActivityStore(), [])
  const chartNow = useRef(chart)
  chartNow.current = chart
  const calls = useRef<FeedNow['calls']>(NOTHING.calls)

  useEffect(() => {
    const feed = new LiveFeed((changes) => show(changes))
    const show = (changes: Change[]) => {
      calls.current = feed.now.get().calls
      if (!chartNow.current) return
      activity.count(countsOf(chartNow.current, calls.current.values()))
      activity.pass(changes.flatMap((change) => edgesOf(chartNow.current as Chart, change)))
    }
    const unsubscribe = feed.now.subscribe(() => setNow(feed.now.get()))
    return () => {
      unsubscribe()
      feed.close()
    }
  }, [activity])

  useEffect(() => {
    if (chart) activity.count(countsOf(chart, calls.current.values()))
  }, [chart, activity])
  return { now, activity }
}

/** Where a call is does not change until the call does. */
const places = new WeakMap<LiveCall, ReadonlySet<string>>()

export function placesOf(chart: Chart, call: LiveCall): ReadonlySet<string> {
  const known = places.get(call)
  if (known) return known
  const active = activeStates(chart, call.value)
  places.set(call, active)
  return active
}

function countsOf(chart: Chart, calls: Iterable<LiveCall>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const call of calls) {
    for (const state of placesOf(chart, call)) counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return counts
}

/** Calls take few transitions, and each is searched for. */
const courses = new WeakMap<Chart, Map<string, string[]>>()

function edgesOf(chart: Chart, { call, before }: Change): string[] {
  const from = before && placesOf(chart, before)
  const to = placesOf(chart, call)
  const key = JSON.stringify([from && [...from], [...to], call.event])
  const known = courses.get(chart) ?? new Map<string, string[]>()
  courses.set(chart, known)
  const edges = known.get(key) ?? transitionsTaken(chart, from, to, call.event).map(({ edge }) => edge)
  known.set(key, edges)
  return edges
}
