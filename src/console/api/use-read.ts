import { useCallback, useEffect, useState } from 'react'
import { read } from './calls-api.ts'

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
    const ask = () => {
      if (document.hidden) return
      read<T>(path).then(
        (value) => isWanted && setNow({ value, fault: null }),
        (error: Error) => isWanted && setNow((before) => ({ ...before, fault: error.message })),
      )
    }
    ask()
    const asking = everyMs === null ? undefined : setInterval(ask, everyMs)
    return () => {
      isWanted = false
      clearInterval(asking)
    }
  }, [path, everyMs, round])
  return { ...now, again: useCallback(() => setRound((before) => before + 1), []) }
}
