import { useEffect, useRef, useState } from 'react'
import type { LiveCall } from '../api/live-feed.ts'
import { useNow } from '../api/use-now.ts'
import { clockWords, phoneNumberWords } from '../call/numbers.ts'
import { StateBadge } from '../call/state-badge.tsx'
import { hrefOfCall } from '../routing/hash-route.ts'

/** In pixels, as live.css has it. */
const ROW_HEIGHT = 52
/** Rows beyond the edges, so that the Tab key finds the next one. */
const MARGIN_ROWS = 6

/** The calls of a list that may be long: only what can be seen is drawn. */
export function CallList({ calls }: { calls: readonly LiveCall[] }) {
  const area = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  const now = useNow(1_000)
  useEffect(() => {
    const { current } = area
    if (!current) return
    const measure = () => setView({ top: current.scrollTop, height: current.clientHeight })
    const resizing = new ResizeObserver(measure)
    resizing.observe(current)
    current.addEventListener('scroll', measure, { passive: true })
    return () => {
      resizing.disconnect()
      current.removeEventListener('scroll', measure)
    }
  }, [])
  const first = Math.max(0, Math.floor(view.top / ROW_HEIGHT) - MARGIN_ROWS)
  const last = Math.ceil((view.top + view.height) / ROW_HEIGHT) + MARGIN_ROWS
  return (
    <div className="call-list" ref={area}>
      <ul style={{ height: calls.length * ROW_HEIGHT }} aria-label="Live calls">
        {calls.slice(first, last).map((call, index) => (
          <li
            key={call.id}
            style={{ transform: `translateY(${(first + index) * ROW_HEIGHT}px)` }}
            aria-setsize={calls.length}
            aria-posinset={first + index + 1}
          >
            <a href={hrefOfCall(call.id)} data-over={call.endedAt !== null || undefined}>
              <span className="caller">{phoneNumberWords(call.from)}</span>
              <StateBadge call={call} />
              <span className="number">{clockWords(lengthOf(call, now))}</span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
}

const lengthOf = (call: LiveCall, now: number) =>
  (call.endedAt ? Date.parse(call.endedAt) : now) - Date.parse(call.startedAt)
