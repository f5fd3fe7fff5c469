import type { ReactNode } from 'react'
import { clockWords } from './numbers.ts'
import type { Span } from './spans.ts'

/* What the lanes of a time axis are made of. `end` is the length of the axis in milliseconds. */

/** Marks on the axis: about as many as can be read side by side. */
const MARKS = 8
const MARK_STEPS_MS = [
  1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
]

export const percent = (ms: number, end: number) => `${(Math.min(Math.max(ms, 0), end) / end) * 100}%`

type LaneProps = { name: string; kind?: string; note?: ReactNode; children: ReactNode }

/** A name, what happened in the course of time, and what is true of it now. */
export function Lane({ name, kind, note, children }: LaneProps) {
  return (
    <div className="lane" data-kind={kind}>
      <span className="lane-name">{name}</span>
      <div className="lane-body">{children}</div>
      <span className="lane-note">{note}</span>
    </div>
  )
}

type BarsProps = { spans: readonly Span[]; end: number; words?: (span: Span) => string }

/** Bars with as much of their words in them as finds room. */
export function Bars({ spans, end, words = ({ name }) => name }: BarsProps) {
  return spans.map((span) => (
    <span
      key={`${span.from} ${span.name}`}
      className="bar"
      data-tone={span.kind}
      style={{ left: percent(span.from, end), width: percent(Math.max(0, span.to - span.from), end) }}
    >
      {words(span)}
    </span>
  ))
}

export function Ruler({ end }: { end: number }) {
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
