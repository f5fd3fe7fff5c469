import { lazy, Suspense, useEffect, useMemo } from 'react'
import type { Chart } from '../../model/drawn-chart.ts'
import { ActivityStore } from '../chart/activity-store.ts'
import { leavesOf, transitionsFrom } from '../chart/chart-activity.ts'
import { useChart } from '../chart/use-chart.ts'
import { CallHead } from './call-head.tsx'
import { Conversation } from './conversation.tsx'
import { Legs } from './legs.tsx'
import { StepControls } from './step-controls.tsx'
import { StepInspector } from './step-inspector.tsx'
import { type CallStep, stepsOf } from './steps.ts'
import { TimeAxis } from './time-axis.tsx'
import { Timeline } from './timeline.tsx'
import { timelineOf } from './timeline-entries.ts'
import { useCall } from './use-call.ts'
import { useCursor } from './use-cursor.ts'

const ChartView = lazy(async () => ({ default: (await import('../chart/chart-view.tsx')).ChartView }))

type CallPageProps = { id: string; step: string | null; canBeKilled: boolean }

/** One call, live or past: its chart, its time axis, and everything that was true at the moment that one looks at. */
export function CallPage({ id, step: wanted, canBeKilled }: CallPageProps) {
  const known = useCall(id)
  const { placed, fault: chartFault } = useChart()
  const { call, records, turns, recorded, isLost, replay, replayFault, fault } = known
  const steps = useMemo(() => stepsOf(records, replay, placed?.chart ?? null), [records, replay, placed])
  const isLive = call !== null && call.endedAt === null && records.at(-1)?.stateAfter !== 'ended'
  const isRead = replay !== null || replayFault !== null
  const cursor = useCursor(steps, { isLive, isRead, wanted })
  const step = steps[cursor.index]
  const activity = useStepActivity(steps, cursor.index, placed?.chart ?? null)
  const offered = useMemo(
    () =>
      new Set(
        placed && step ? transitionsFrom(placed.chart, new Set(step.states)).map(({ edge }) => edge) : [],
      ),
    [placed, step],
  )
  const focus = useMemo(
    () => (placed && step ? leavesOf(placed.chart, new Set(step.states)).slice(-1) : undefined),
    [placed, step],
  )
  if (fault) return <NoCall {...fault} />
  if (!call) return <p className="hint">Asking for the call…</p>
  return (
    <div className="call">
      <CallHead {...{ call, records, isLive, isLost, canBeKilled, replay, replayFault }} onShow={cursor.go} />
      <section className="card call-chart" aria-label="The call in its statechart">
        {chartFault && <p className="fault">{chartFault}</p>}
        {placed && step && (
          <Suspense fallback={null}>
            <ChartView {...placed} activity={activity} look="one" offered={offered} focus={focus} />
          </Suspense>
        )}
        <StepControls cursor={cursor} steps={steps} isLive={isLive} />
        <TrailLegend />
      </section>
      <StepInspector steps={steps} index={cursor.index} />
      {step && <TimeAxis callId={id} {...{ steps, turns, recorded, cursor, isLive }} />}
      <div className="columns">
        <Conversation turns={turns} isOver={!isLive} />
        <Timeline entries={timelineOf(records)} current={step?.seq} onChoose={cursor.goToSeq} />
      </div>
      <Legs legs={call.legs} />
    </div>
  )
}

/** The chart's picture of a step: where the call is, where it came by, and the lines that led there, which light up. */
function useStepActivity(steps: readonly CallStep[], index: number, chart: Chart | null): ActivityStore {
  const activity = useMemo(() => new ActivityStore(), [])
  const step = steps[index]
  const states = step?.states.join('\n') ?? ''
  const took = step && chart ? edgesOf(chart, step.passed).join('\n') : ''
  const seq = step?.seq
  useEffect(() => {
    const passed = steps.slice(0, index + 1).flatMap((before) => before.passed)
    activity.leaveTrail(new Set([...passed, ...(chart ? edgesOf(chart, passed) : [])]))
  }, [activity, steps, index, chart])
  useEffect(() => {
    activity.count(new Map(states.split('\n').map((state) => [state, 1])))
  }, [activity, states])
  // biome-ignore lint/correctness/useExhaustiveDependencies: two steps in a row may take the same transition.
  useEffect(() => {
    if (took) activity.pass(took.split('\n'))
  }, [activity, took, seq])
  return activity
}

const edgesOf = (chart: Chart, taken: readonly string[]): string[] =>
  chart.edges.filter((edge) => edge.transitions.some(({ id }) => taken.includes(id))).map(({ id }) => id)

/** What the lines of the chart mean, for who sees one for the first time. */
function TrailLegend() {
  return (
    <ul className="legend">
      <li>
        <span className="swatch" data-kind="here" /> where the call is
      </li>
      <li>
        <span className="swatch" data-kind="trail" /> where it came by
      </li>
      <li>
        <span className="swatch" data-kind="offered" /> what can happen next
      </li>
    </ul>
  )
}

function NoCall({ message, isUnknown }: { message: string; isUnknown: boolean }) {
  return (
    <div className="introduction">
      <h1>{isUnknown ? 'There is no such call' : 'The call cannot be shown'}</h1>
      <p role="status">
        {isUnknown
          ? 'This service has no call of this id: it may be another service’s, or mistyped. '
          : `${message} Trying again… `}
        <a href="#/calls">All calls</a>
      </p>
    </div>
  )
}
