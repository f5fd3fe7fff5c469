import type { LiveCall } from '../api/live-feed.ts'
import { type CallState, isState, STATES } from '../call/call-story.ts'
import { pathOf } from '../call/state-badge.tsx'
import { titleOf } from '../call/state-labels.ts'

/** The chart in figures: how many calls each state has. A state that is chosen is the only one listed below. */
export function Tally({
  calls,
  chosen,
  onChoose,
}: {
  calls: readonly LiveCall[]
  /** A path in the chart that ends like the chosen state's. */
  chosen: string | null
  onChoose: (path: string | null) => void
}) {
  const counts = new Map<string, number>()
  for (const call of calls) counts.set(pathOf(call), (counts.get(pathOf(call)) ?? 0) + 1)
  // In the order of a call's life, so that no row jumps when a figure changes.
  const rows = [...counts].sort(([a], [b]) => STATES.indexOf(a as CallState) - STATES.indexOf(b as CallState))
  const most = Math.max(...counts.values())
  if (rows.length === 0) return <p className="hint">Nobody is on the phone.</p>
  return (
    <ul className="tally">
      {rows.map(([path, count]) => {
        const isChosen = chosen?.endsWith(path) ?? false
        return (
          <li key={path}>
            <button type="button" aria-pressed={isChosen} onClick={() => onChoose(isChosen ? null : path)}>
              <span>{isState(path) ? titleOf(path) : path}</span>
              <span className="tally-bar" style={{ '--share': count / most }} />
              <span className="number">{count}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
