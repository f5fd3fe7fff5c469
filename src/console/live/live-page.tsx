import { lazy, Suspense, useMemo, useState } from 'react'
import { type Chart, nodeAt } from '../../model/drawn-chart.ts'
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
  const calls = useMemo(() => foundIn(now, chart, { chosen, search }), [now, chart, chosen, search])
  const live = [...now.calls.values()].filter(({ endedAt }) => endedAt === null)
  const offered = useMemo(() => edgesFrom(chart, chosen), [chart, chosen])
  const nameOf = (id: string | null) => (id && chart?.nodes.get(id)?.key) || null
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
        <TallyCard
          calls={live}
          chosen={chosen ? (chart?.nodes.get(chosen)?.path ?? null) : null}
          onChoose={chooseBy}
        />
        {chart && chosen && <StateDetails chart={chart} state={chosen} onClose={() => setChosen(null)} />}
        <FoundCalls {...{ calls, search }} place={nameOf(chosen)} onSearch={setSearch} />
      </aside>
    </div>
  )
}

type Sought = { chosen: string | null; search: string }

/** The calls that are sought, the newest first. */
const foundIn = (now: FeedNow, chart: Chart | null, { chosen, search }: Sought): LiveCall[] =>
  [...now.calls.values()]
    .filter((call) => `${call.from} ${call.to} ${call.id}`.includes(search.replaceAll(' ', '')))
    .filter((call) => chosen === null || !chart || placesOf(chart, call).has(chosen))
    .sort((a, b) => (a.id < b.id ? 1 : -1))

/** The lines that lead out of a state, and out of those around it. */
const edgesFrom = (chart: Chart | null, state: string | null): ReadonlySet<string> =>
  new Set(chart && state ? transitionsFrom(chart, withAncestors(chart, [state])).map(({ edge }) => edge) : [])

function TallyCard({ calls, chosen, onChoose }: Parameters<typeof Tally>[0]) {
  return (
    <section className="card" aria-labelledby="tally">
      <h2 id="tally">
        <strong className="figure">{calls.length}</strong> {calls.length === 1 ? 'call' : 'calls'}
      </h2>
      <Tally {...{ calls, chosen, onChoose }} />
    </section>
  )
}

type FoundCallsProps = {
  calls: readonly LiveCall[]
  /** The name of the state in which they are; null when they may be anywhere. */
  place: string | null
  search: string
  onSearch: (search: string) => void
}

function FoundCalls({ calls, place, search, onSearch }: FoundCallsProps) {
  return (
    <section className="card live-list" aria-labelledby="which-calls">
      <div className="list-head">
        <h2 id="which-calls">{place ? `In ${place}: ${calls.length}` : 'Calls'}</h2>
        <input
          type="search"
          placeholder="Number"
          aria-label="Only calls with this number"
          value={search}
          onChange={(event) => onSearch(event.target.value)}
        />
      </div>
      {calls.length === 0 ? (
        <p className="hint">{search || place ? 'No such call is live.' : 'The line is quiet.'}</p>
      ) : (
        <CallList calls={calls} />
      )}
    </section>
  )
}

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
