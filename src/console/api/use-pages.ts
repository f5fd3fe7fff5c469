import { useEffect, useState } from 'react'
import { AWAY_RETRY_MS, faultWords, isAway, read } from './calls-api.ts'

type Page<T> = { nextCursor: string | null } & Record<string, T[] | string | null>
type PagesNow<T> = { items: readonly T[] | null; next: string | null; fault: string | null }

/** A question is asked when one has stopped to type it. */
const TYPING_MS = 250

/** A page that is asked for again stands before what had come behind it; all that it reaches over is as it is now. */
function renewed<T>(now: PagesNow<T>, first: T[], next: string | null): PagesNow<T> {
  const idOf = (item?: T) => (item as { id?: string } | undefined)?.id ?? ''
  const last = idOf(first.at(-1))
  const older = next === null ? [] : (now.items ?? []).filter((item) => idOf(item) < last)
  return { items: [...first, ...older], next: older.length > 0 ? now.next : next, fault: null }
}

/**
 * A list that comes page by page; another question begins anew. `round` asks the same one again; `refreshMs` has its newest
 * page asked for again and again while it can be seen, where items have ids that only fall.
 */
export function usePages<T>(
  path: string,
  name: string,
  query: Record<string, string>,
  { round = 0, refreshMs = null }: { round?: number; refreshMs?: number | null } = {},
) {
  const [now, setNow] = useState<PagesNow<T>>({ items: null, next: null, fault: null })
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString()
  const page = (cursor: string | null) =>
    read<Page<T>>(`${path}?${asked}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
  const fail = (error: Error) => setNow((before) => ({ ...before, fault: faultWords(error) }))
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question is what this asks for, and a round.
  useEffect(() => {
    let isWanted = true
    const ask = () => {
      page(null).then(
        (first) => isWanted && setNow({ items: first[name] as T[], next: first.nextCursor, fault: null }),
        (error: Error) => {
          if (!isWanted) return
          fail(error)
          if (isAway(error)) asking = setTimeout(ask, AWAY_RETRY_MS)
        },
      )
    }
    const refresh = () => {
      if (document.hidden) return
      page(null).then(
        (first) => isWanted && setNow((before) => renewed(before, first[name] as T[], first.nextCursor)),
        (error: Error) => isWanted && fail(error),
      )
    }
    let asking = setTimeout(ask, now.items === null ? 0 : TYPING_MS)
    const refreshing = refreshMs === null ? undefined : setInterval(refresh, refreshMs)
    return () => {
      isWanted = false
      clearTimeout(asking)
      clearInterval(refreshing)
    }
  }, [path, asked, round, refreshMs])
  const more = () =>
    void page(now.next).then(
      (next) =>
        setNow(({ items }) => ({
          items: [...(items ?? []), ...(next[name] as T[])],
          next: next.nextCursor,
          fault: null,
        })),
      fail,
    )
  return { ...now, more }
}
