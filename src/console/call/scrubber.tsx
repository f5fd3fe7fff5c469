import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import { percent } from './axis-parts.tsx'
import { durationWords } from './numbers.ts'
import { nameOfEvent } from './spans.ts'
import { type CallStep, stepAt } from './steps.ts'
import type { Cursor } from './use-cursor.ts'

/** An event as near to the pointer as this, as a share of the axis, is the one that is meant. */
const NEAR = 0.006

type ScrubberProps = { at: number; end: number; steps: readonly CallStep[]; cursor: Cursor }

/** Drag it, or go from step to step with the arrow keys. The pointer tells what is under it. */
export function Scrubber({ at, end, steps, cursor }: ScrubberProps) {
  const track = useRef<HTMLDivElement>(null)
  const [pointedAt, setPointedAt] = useState<number | null>(null)
  const momentOf = ({ clientX }: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect()
    return box ? Math.min(Math.max(0, ((clientX - box.left) / box.width) * end), end) : 0
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
        cursor.seek(momentOf(event))
      }}
      onPointerMove={(event) => {
        setPointedAt(momentOf(event))
        if (event.buttons === 1) cursor.seek(momentOf(event))
      }}
      onPointerLeave={() => setPointedAt(null)}
    >
      {pointedAt !== null && <Pointed at={pointedAt} {...{ end, steps }} />}
      <div
        className="scrubber-hand"
        role="slider"
        tabIndex={0}
        aria-label="Moment of the call"
        aria-valuemin={0}
        aria-valuemax={Math.round(end)}
        aria-valuenow={Math.round(at)}
        aria-valuetext={`+${durationWords(at)}, step ${cursor.index + 1}: ${steps[cursor.index]?.type}`}
        style={{ left: percent(at, end), '--share': at / end }}
        onKeyDown={onKeyDown}
      >
        <span className="scrubber-time">+{durationWords(at)}</span>
      </div>
    </div>
  )
}

/** Tells what is under the pointer, on the side where there is room. */
function Pointed({ at, end, steps }: Omit<ScrubberProps, 'cursor'>) {
  return (
    <div
      className="pointed"
      data-side={at > end / 2 ? 'left' : 'right'}
      style={{ left: percent(at, end) }}
      aria-hidden="true"
    >
      <span>{wordsAt(at, steps, end)}</span>
    </div>
  )
}

/** What happened at this moment, or where the call was. */
function wordsAt(ms: number, steps: readonly CallStep[], end: number): string {
  const near = steps.filter((step) => Math.abs(step.ms - ms) < end * NEAR)
  const happened = near.map(({ type }) => nameOfEvent(type)).join(', ')
  return `+${durationWords(ms)} ${happened || (steps[stepAt(steps, ms)]?.stateAfter ?? '')}`
}

function placeAfter(key: string, index: number, count: number): number | null {
  if (key === 'ArrowRight' || key === 'ArrowUp') return Math.min(index + 1, count - 1)
  if (key === 'ArrowLeft' || key === 'ArrowDown') return Math.max(index - 1, 0)
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return null
}
