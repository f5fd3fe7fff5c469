import { useEffect, useRef } from 'react'
import { FollowingScroll } from './following-scroll.tsx'
import { durationWords } from './numbers.ts'
import type { TimelineEntry } from './timeline-entries.ts'

/** What happened to the call, event by event, with the statechart's own names beside the words. */
export function Timeline({
  entries,
  current,
  onChoose,
}: {
  entries: readonly TimelineEntry[]
  /** The event that is looked at. */
  current?: number
  onChoose?: (seq: number) => void
}) {
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    if (current !== undefined) keepInSight(list.current)
  }, [current])
  return (
    <section className="card" aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <FollowingScroll label="Timeline" news={entries.length}>
        <ol className="timeline" ref={list}>
          {entries.map((entry) => (
            <Entry key={entry.seq} entry={entry} isCurrent={entry.seq === current} onChoose={onChoose} />
          ))}
        </ol>
      </FollowingScroll>
    </section>
  )
}

type EntryProps = { entry: TimelineEntry; isCurrent: boolean; onChoose?: (seq: number) => void }

function Entry({ entry, isCurrent, onChoose }: EntryProps) {
  const { seq, milliseconds, words, count, type, newState } = entry
  const at = `+${durationWords(milliseconds)}`
  return (
    <li data-state={newState ?? undefined} aria-current={isCurrent ? 'step' : undefined}>
      {onChoose ? (
        <button type="button" className="at" onClick={() => onChoose(seq)}>
          {at}
        </button>
      ) : (
        <span className="at">{at}</span>
      )}
      <span className="what">
        {words}
        {count > 1 && <span className="count"> × {count}</span>}
        <span className="names">
          <code>{type}</code>
          {newState && (
            <>
              <span aria-hidden="true"> → </span>
              <code className="state">{newState}</code>
            </>
          )}
        </span>
      </span>
    </li>
  )
}

/** Moves the list to the event that is looked at, and not the page. */
function keepInSight(list: HTMLElement | null): void {
  const area = list?.closest<HTMLElement>('.following-scroll')
  const entry = list?.querySelector<HTMLElement>('[aria-current]')
  if (!area || !entry) return
  const isAbove = entry.offsetTop < area.scrollTop
  const isBelow = entry.offsetTop + entry.offsetHeight > area.scrollTop + area.clientHeight
  if (isAbove || isBelow) area.scrollTop = entry.offsetTop - area.clientHeight / 2
}
