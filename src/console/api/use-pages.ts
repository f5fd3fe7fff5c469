import { useEffect, useState } from 'react'
import { AWAY_RETRY_MS, faultWords, isAway, read } from './calls-api.ts'

type Page<T> = { nextCursor: string | null } & Record<string, T[] | string | null>
type PagesNow<T> = { items: readonly T[] | null; next: string | null; fault: string | null }

/** A question is asked when one has stopped to type it. */
const TYPING_MS = 250

/** A list that comes page by page; another question begins anew. `round` asks the same one again. */
export function usePages<T>(path: string, name: string, query: Record<string, string>, round = 0) {
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
    let asking = setTimeout(ask, now.items === null ? 0 : TYPING_MS)
    return () => {
      isWanted = false
      clearTimeout(asking)
    }
  }, [path, asked, round])
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
