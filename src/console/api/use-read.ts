import { useCallback, useEffect, useState } from 'react'
import { AWAY_RETRY_MS, faultWords, isAway, read } from './calls-api.ts'

export type Reading<T> = {
  value: T | null
  /** Why the newest could not be had; the older value is kept. */
  fault: string | null
  /** Asks again at once. */
  again: () => void
}

/** What the service says at a path, asked again every `everyMs` while the page can be seen. */
export function useRead<T>(path: string, everyMs: number | null = null): Reading<T> {
  const [now, setNow] = useState<{ value: T | null; fault: string | null }>({ value: null, fault: null })
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a round is one more asking.
  useEffect(() => {
    let isWanted = true
    let retry: ReturnType<typeof setTimeout> | undefined
    const fail = (error: Error) => {
      if (!isWanted) return
      setNow((before) => ({ ...before, fault: faultWords(error) }))
      if (isAway(error) && everyMs === null) retry = setTimeout(ask, AWAY_RETRY_MS)
    }
    // A page that was opened where nobody sees it, or that nobody saw for a while, asks when it is seen.
    let isDue = true
    const ask = () => {
      isDue = document.hidden
      if (!isDue) read<T>(path).then((value) => isWanted && setNow({ value, fault: null }), fail)
    }
    const askWhenSeen = () => {
      if (isDue && !document.hidden) ask()
    }
    ask()
    document.addEventListener('visibilitychange', askWhenSeen)
    const asking = everyMs === null ? undefined : setInterval(ask, everyMs)
    return () => {
      isWanted = false
      document.removeEventListener('visibilitychange', askWhenSeen)
      clearInterval(asking)
      clearTimeout(retry)
    }
  }, [path, everyMs, round])
  return { ...now, again: useCallback(() => setRound((before) => before + 1), []) }
}
