import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { Turn } from '../api/calls-api.ts'
import { isState } from './call-story.ts'
import { clockWords, durationWords } from './numbers.ts'
import { titleOf, toneOf } from './state-words.ts'
import { type CallStep, type Span, speechSpans, stateSpans, timerSpans } from './steps.ts'
import type { Cursor } from './use-cursor.ts'

type TimeAxisProps = { steps: readonly CallStep[]; turns: readonly Turn[]; cursor: Cursor; isLive: boolean }

/** Marks on the axis: about as many as can be read side by side. */
const MARKS = 8
const MARK_STEPS_MS = [
  1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
]

/** The whole call from left to right: states, events, effects, timers, and who spoke; a scrubber over all of it. */
export function TimeAxis({ steps, turns, cursor, isLive }: TimeAxisProps) {
  const end = useEnd(steps, isLive)
  const beginning = Date.parse(steps[0]?.at ?? '')
  const states = useMemo(() => stateSpans(steps, end), [steps, end])
  const timers = useMemo(() => timerLanes(timerSpans(steps, end)), [steps, end])
  const speech = useMemo(() => speechSpans(turns, beginning), [turns, beginning])
  const at = cursor.ms ?? end
  return (
    <section className="card axis" aria-labelledby="axis">
      <h2 id="axis">On one time axis</h2>
      <div className="lanes">
        <Scrubber at={at} end={end} steps={steps} cursor={cursor} />
        <Ruler end={end} />
        <Lane name="State">
          {states.map((span) => (
            <Bar key={span.from} span={span} end={end} tone={isState(span.name) ? toneOf(span.name) : 'calm'}>
              {isState(span.name) ? titleOf(span.name) : span.name}
            </Bar>
          ))}
        </Lane>
        <Lane name="Events">
          {steps.map(({ seq, ms, type }) => (
            <Tick key={seq} ms={ms} end={end} title={type} />
          ))}
        </Lane>
        <Lane name="Effects">
          {steps.flatMap(({ seq, ms, effects }) =>
            effects.map((effect) => (
              <Tick key={`${seq} ${effect.type}`} ms={ms} end={end} title={effect.type} kind="effect" />
            )),
          )}
        </Lane>
        {timers.map(([name, spans]) => (
          <Lane key={name} name={name} kind="timer">
            {spans.map((span) => (
              <Bar key={span.from} span={span} end={end} tone={span.kind} title={timerWords(span)} />
            ))}
          </Lane>
        ))}
        {(['caller', 'agent'] as const).map((role) => (
          <Lane key={role} name={role === 'caller' ? 'Caller' : 'Agent'} kind="speech">
            {speech
              .filter(({ kind }) => kind === role)
              .map((span) => (
                <Bar key={span.from} span={span} end={end} tone={role} title={span.name} />
              ))}
          </Lane>
        ))}
      </div>
      <p className="hint">
        How long each spoke is reckoned from the words; the recording will tell it exactly.
      </p>
    </section>
  )
}

const timerWords = ({ name, note, kind }: Span) =>
  `${name}, due ${new Date(note).toLocaleTimeString()}, ${kind === 'running' ? 'runs' : kind}`

/** One lane for each kind of timer. */
function timerLanes(spans: readonly Span[]): [string, Span[]][] {
  const lanes = new Map<string, Span[]>()
  for (const span of spans) lanes.set(span.name, [...(lanes.get(span.name) ?? []), span])
  return [...lanes]
}

/** The end of the axis: of a live call, the present. */
function useEnd(steps: readonly CallStep[], isLive: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!isLive) return
    const ticking = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(ticking)
  }, [isLive])
  const last = steps.at(-1)?.ms ?? 0
  const present = isLive ? now - Date.parse(steps[0]?.at ?? '') : 0
  return Math.max(1_000, last, present)
}

const percent = (ms: number, end: number) => `${(Math.min(Math.max(ms, 0), end) / end) * 100}%`

function Lane({ name, kind, children }: { name: string; kind?: string; children: React.ReactNode }) {
  return (
    <div className="lane" data-kind={kind}>
      <span className="lane-name">{name}</span>
      <div className="lane-body">{children}</div>
    </div>
  )
}

function Bar({
  span: { from, to, name },
  end,
  tone,
  title = name,
  children,
}: {
  span: Span
  end: number
  tone: string
  title?: string
  children?: React.ReactNode
}) {
  return (
    <span
      className="bar"
      data-tone={tone}
      title={title}
      style={{ left: percent(from, end), width: percent(Math.max(0, to - from), end) }}
    >
      {children}
    </span>
  )
}

function Tick({ ms, end, title, kind }: { ms: number; end: number; title: string; kind?: string }) {
  return <span className="tick" data-kind={kind} title={title} style={{ left: percent(ms, end) }} />
}

function Ruler({ end }: { end: number }) {
  const every = MARK_STEPS_MS.find((step) => end / step <= MARKS) ?? 3_600_000
  const marks = Array.from({ length: Math.floor(end / every) + 1 }, (_, index) => index * every)
  return (
    <div className="lane" data-kind="ruler" aria-hidden="true">
      <span className="lane-name" />
      <div className="lane-body">
        {marks.map((ms) => (
          <span key={ms} className="ruler-mark" style={{ left: percent(ms, end) }}>
            {clockWords(ms)}
          </span>
        ))}
      </div>
    </div>
  )
}

type ScrubberProps = { at: number; end: number; steps: readonly CallStep[]; cursor: Cursor }

/** Drag it, or go from step to step with the arrow keys. */
function Scrubber({ at, end, steps, cursor }: ScrubberProps) {
  const track = useRef<HTMLDivElement>(null)
  const seek = ({ clientX }: PointerEvent) => {
    const box = track.current?.getBoundingClientRect()
    if (box) cursor.seek(Math.min(Math.max(0, ((clientX - box.left) / box.width) * end), end))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const to = placeAfter(event.key, cursor.index, steps.length)
    if (to === null) return
    event.preventDefault()
    cursor.go(to)
  }
  return (
    <div
      className="scrubber"
      ref={track}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        seek(event)
      }}
      onPointerMove={(event) => event.buttons === 1 && seek(event)}
    >
      <div
        className="scrubber-hand"
        role="slider"
        tabIndex={0}
        aria-label="Moment of the call"
        aria-valuemin={0}
        aria-valuemax={Math.round(end)}
        aria-valuenow={Math.round(at)}
        aria-valuetext={`+${durationWords(at)}, step ${cursor.index + 1}: ${steps[cursor.index]?.type}`}
        style={{ left: percent(at, end) }}
        onKeyDown={onKeyDown}
      >
        <span className="scrubber-time">+{durationWords(at)}</span>
      </div>
    </div>
  )
}

function placeAfter(key: string, index: number, count: number): number | null {
  if (key === 'ArrowRight' || key === 'ArrowUp') return Math.min(index + 1, count - 1)
  if (key === 'ArrowLeft' || key === 'ArrowDown') return Math.max(index - 1, 0)
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return null
}
