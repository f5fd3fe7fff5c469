import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { type Chart, triggerWords } from '../../model/drawn-chart.ts'
import { useRead } from '../api/use-read.ts'
import { ActivityStore } from '../chart/activity-store.ts'
import { useChart } from '../chart/use-chart.ts'
import { When } from '../parts/when.tsx'

const ChartView = lazy(async () => ({ default: (await import('../chart/chart-view.tsx')).ChartView }))

/** As `GET /api/v1/machines/call/coverage` tells it. */
type Coverage = {
  carriers: {
    carrier: string
    at: string
    isOfThisChart: boolean
    paths: number
    /** How often, by id. */
    states: Record<string, number>
    transitions: Record<string, number>
  }[]
}

/** What the generated tests went through of the chart, over each carrier; what they missed stands out. */
export function CoveragePage() {
  const { value, fault } = useRead<Coverage>('/api/v1/machines/call/coverage')
  const { placed } = useChart()
  const [chosen, setChosen] = useState(0)
  const measured = value?.carriers[chosen]
  return (
    <div className="live">
      <div className="page-head">
        <h1>What tests went through</h1>
        <a href="#/live">Live calls</a>
      </div>
      <section className="card live-chart" aria-label="The statechart, with what tests went through">
        {placed && measured && <CoveredChart key={measured.carrier} {...placed} measured={measured} />}
      </section>
      <aside className="live-side">
        <section className="card" aria-labelledby="coverage">
          <h2 id="coverage">Coverage</h2>
          <p className="hint" role="status">
            {fault}
          </p>
          <div className="choices">
            {value?.carriers.map(({ carrier }, index) => (
              <button
                key={carrier}
                type="button"
                className="quiet small"
                aria-pressed={index === chosen}
                onClick={() => setChosen(index)}
              >
                {carrier}
              </button>
            ))}
          </div>
          {measured && <Figures measured={measured} chart={placed?.chart ?? null} />}
        </section>
      </aside>
    </div>
  )
}

type Measured = Coverage['carriers'][number]
type PlacedChart = NonNullable<ReturnType<typeof useChart>['placed']>

function CoveredChart({ chart, layout, measured }: PlacedChart & { measured: Measured }) {
  const activity = useMemo(() => new ActivityStore(), [])
  useEffect(() => activity.count(new Map(Object.entries(measured.states))), [activity, measured])
  const missed = useMemo(
    () =>
      new Set(
        chart.edges
          .filter(({ ways }) => ways.some(({ id }) => !measured.transitions[id]))
          .map(({ id }) => id),
      ),
    [chart, measured],
  )
  return (
    <Suspense fallback={null}>
      <ChartView {...{ chart, layout, activity, missed }} look="tests" />
    </Suspense>
  )
}

function Figures({ measured, chart }: { measured: Measured; chart: Chart | null }) {
  const { at, isOfThisChart, paths, states, transitions } = measured
  const missed = [...(chart?.nodes.values() ?? [])]
    .flatMap((node) => node.transitions)
    .filter(({ id }) => !transitions[id])
  return (
    <>
      <p>
        {covered(states)} states and {covered(transitions)} transitions, by {paths} paths.
      </p>
      <p className="hint">
        Measured <When at={at} />
        {!isOfThisChart && ', on a chart that has changed since'}
      </p>
      {missed.length > 0 && (
        <>
          <h3>Missed</h3>
          <ul className="ways">
            {missed.map((way) => (
              <li key={way.id}>
                <code>
                  {chart?.nodes.get(way.source)?.key} → {chart?.nodes.get(way.target)?.key}
                </code>{' '}
                <span className="hint">{triggerWords(way) || way.guard || 'at once'}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

const covered = (counts: Record<string, number>): string => {
  const all = Object.values(counts)
  return `${all.filter((count) => count > 0).length} of ${all.length}`
}
