import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { type ChartCoverage, type Counts, leastOf } from '../../model/carrier-coverage.ts'
import { type Chart, triggerWords } from '../../model/drawn-chart.ts'
import { useRead } from '../api/use-read.ts'
import { ActivityStore } from '../chart/activity-store.ts'
import { useChart } from '../chart/use-chart.ts'
import { CARRIERS, carrierWords } from '../parts/carrier-words.ts'
import { CoverageTable } from './coverage-table.tsx'

const ChartView = lazy(async () => ({ default: (await import('../chart/chart-view.tsx')).ChartView }))

/** What the generated tests went through of the chart, over each carrier; what they missed stands out. */
export function CoveragePage() {
  const { value, fault } = useRead<ChartCoverage>('/api/v1/machines/call/coverage')
  const { placed } = useChart()
  const [chosen, setChosen] = useState<string | null>(null)
  const carriers = value?.carriers ?? []
  const measured = carriers.find(({ carrier }) => carrier === chosen) ?? leastOf(carriers)
  return (
    <div className="live">
      <div className="page-head">
        <h1>What tests went through</h1>
        <a href="#/live">Live calls</a>
      </div>
      <section className="card live-chart" aria-label="The statechart, with what tests went through">
        {placed && <CoveredChart key={chosen} {...placed} measured={measured} />}
        <ul className="legend">
          <li>
            <span className="swatch" data-kind="missed" /> nothing came by
          </li>
          <li className="wide-only">The figures are paths that went through a state.</li>
        </ul>
      </section>
      <aside className="live-side">
        <section className="card" aria-labelledby="coverage">
          <h2 id="coverage">Coverage</h2>
          <p className="fault" role="status">
            {fault}
          </p>
          {value && carriers.length === 0 && (
            <p className="hint">
              Nothing was measured on this machine yet. <code>npx vitest run tests/generated</code> plays the
              generated paths over each carrier and measures them.
            </p>
          )}
          {carriers.length > 0 && <CoverageTable carriers={carriers} />}
          {carriers.length > 1 && <Choices {...{ carriers, chosen }} onChoose={setChosen} />}
          {measured && placed && <MissedTransitions measured={measured} chart={placed.chart} />}
        </section>
      </aside>
    </div>
  )
}

type ChoicesProps = {
  carriers: ChartCoverage['carriers']
  /** Null means what was gone through least over any of them. */
  chosen: string | null
  onChoose: (carrier: string | null) => void
}

function Choices({ carriers, chosen, onChoose }: ChoicesProps) {
  return (
    <fieldset className="choices" aria-label="What the chart shows">
      <Choice name="Least of all" isChosen={chosen === null} onChoose={() => onChoose(null)} />
      {CARRIERS.filter((name) => carriers.some(({ carrier }) => carrier === name)).map((name) => (
        <Choice
          key={name}
          name={carrierWords(name)}
          isChosen={chosen === name}
          onChoose={() => onChoose(name)}
        />
      ))}
    </fieldset>
  )
}

function Choice({ name, isChosen, onChoose }: { name: string; isChosen: boolean; onChoose: () => void }) {
  return (
    <button type="button" className="quiet small" aria-pressed={isChosen} onClick={onChoose}>
      {name}
    </button>
  )
}

type PlacedChart = NonNullable<ReturnType<typeof useChart>['placed']>

/** Without a measurement, the chart as it is. */
function CoveredChart({ chart, layout, measured }: PlacedChart & { measured: Counts | null }) {
  const activity = useMemo(() => new ActivityStore(), [])
  useEffect(() => activity.count(new Map(Object.entries(measured?.states ?? {}))), [activity, measured])
  const missed = useMemo(
    () => new Set(measured ? missedEdges(chart, measured).map(({ id }) => id) : []),
    [chart, measured],
  )
  return (
    <Suspense fallback={null}>
      <ChartView
        key={measured === null ? 'plain' : 'measured'}
        {...{ chart, layout, activity, missed }}
        look={measured ? 'tests' : 'one'}
      />
    </Suspense>
  )
}

const missedEdges = ({ edges }: Chart, { transitions }: Counts) =>
  edges.filter(({ transitions: drawn }) => drawn.some(({ id }) => transitions[id] === 0))

function MissedTransitions({ measured: { transitions }, chart }: { measured: Counts; chart: Chart }) {
  const missed = [...chart.nodes.values()]
    .flatMap((node) => node.transitions)
    .filter(({ id }) => transitions[id] === 0)
  if (missed.length === 0)
    return <p className="all-well">Every state and every transition was gone through.</p>
  return (
    <>
      <h3>Missed</h3>
      <ul className="transitions">
        {missed.map((transition) => (
          <li key={`${transition.id}>${transition.target}`}>
            <code>
              {chart.nodes.get(transition.source)?.key} → {chart.nodes.get(transition.target)?.key}
            </code>{' '}
            <span className="hint">{triggerWords(transition) || transition.guard || 'at once'}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
