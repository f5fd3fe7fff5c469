import { lazy, Suspense, useMemo, useState } from 'react'
import { nodeAt } from '../../model/drawn-chart.ts'
import type { FeedNow, LiveCall } from '../api/live-feed.ts'
import { transitionsFrom, withAncestors } from '../chart/chart-activity.ts'
import { useChart } from '../chart/use-chart.ts'
import { CallList } from './call-list.tsx'
import { HeatLegend } from './heat-legend.tsx'
import { StateDetails } from './state-details.tsx'
import { Tally } from './tally.tsx'
import { placesOf, useLiveCalls } from './use-live-calls.ts'

/** What draws the chart is as large as all the rest: it comes when it is wanted. */
const ChartView = lazy(async () => ({ default: (await import('../chart/chart-view.tsx')).ChartView }))

/** All calls at once: how many there are in each state of the chart, and which they are. */
export function LivePage() {
  const { placed, fault } = useChart()
  const { now, activity } = useLiveCalls(placed?.chart ?? null)
  const [chosen, setChosen] = useState<string | null>(null)
  const [search, setSearch] = useState('')
  const chart = placed?.chart ?? null
  const calls = useMemo(
    () =>
      [...now.calls.values()]
        .filter((call) => `${call.from} ${call.to} ${call.id}`.includes(search.replaceAll(' ', '')))
        .filter((call) => chosen === null || !chart || placesOf(chart, call).has(chosen))
        .sort((a, b) => (a.id < b.id ? 1 : -1)),
    [now, chart, chosen, search],
  )
  const live = [...now.calls.values()].filter(({ endedAt }) => endedAt === null)
  const offered = useMemo(
    () =>
      new Set(
        chart && chosen ? transitionsFrom(chart, withAncestors(chart, [chosen])).map(({ edge }) => edge) : [],
      ),
    [chart, chosen],
  )
  const chooseBy = (path: string | null) =>
    setChosen(path && chart ? (nodeAt(chart, path)?.id ?? null) : null)

  return (
    <div className="live">
      <div className="page-head">
        <h1>Live calls</h1>
        <div className="head-right">
          <a className="hint" href="#/live?show=tests">
            What tests went through
          </a>
          <FeedStatus status={now.status} />
        </div>
      </div>
      <section className="card live-chart" aria-label="The statechart of all calls">
        {fault && <p className="fault">{fault}</p>}
        {placed && (
          <Suspense fallback={null}>
            <ChartView {...placed} activity={activity} look="heat" offered={offered} onSelect={setChosen} />
          </Suspense>
        )}
        <HeatLegend />
      </section>
      <aside className="live-side">
        <section className="card" aria-labelledby="tally">
          <h2 id="tally">
            <strong className="figure">{live.length}</strong> {live.length === 1 ? 'call' : 'calls'}
          </h2>
          <Tally
            calls={live}
            chosen={chosen ? (chart?.nodes.get(chosen)?.path ?? null) : null}
            onChoose={chooseBy}
          />
        </section>
        {chart && chosen && <StateDetails chart={chart} state={chosen} onClose={() => setChosen(null)} />}
        <section className="card live-list" aria-labelledby="which-calls">
          <div className="list-head">
            <h2 id="which-calls">
              {headOf(calls, chosen && chart ? (chart.nodes.get(chosen)?.key ?? null) : null)}
            </h2>
            <input
              type="search"
              placeholder="Number"
              aria-label="Only calls with this number"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </div>
          {calls.length === 0 ? (
            <p className="hint">{search || chosen ? 'No such call is live.' : 'The line is quiet.'}</p>
          ) : (
            <CallList calls={calls} />
          )}
        </section>
      </aside>
    </div>
  )
}

const headOf = (calls: readonly LiveCall[], state: string | null) =>
  state ? `In ${state}: ${calls.length}` : 'Calls'

const STATUS_WORDS: Record<FeedNow['status'], string> = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'The service does not answer. Trying again…',
}

function FeedStatus({ status }: { status: FeedNow['status'] }) {
  return (
    <p className="feed-status" data-status={status} role="status">
      {STATUS_WORDS[status]}
    </p>
  )
}
