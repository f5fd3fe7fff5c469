import { useEffect, useState } from 'react'
import { type Call, recentCalls } from '../api/calls-api.ts'

/** Calls of other callers move on by themselves; one's own are asked for at each of their changes. */
const REFRESH_MS = 2_000

export type RecentCallsNow = { calls: readonly Call[] | null; fault: string | null }

/** The latest calls, kept up to date while the page can be seen. `change` asks at once when it is another. */
export function useRecentCalls(change: unknown): RecentCallsNow {
  const [now, setNow] = useState<RecentCallsNow>({ calls: null, fault: null })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change is what this asks anew for.
  useEffect(() => {
    let isWanted = true
    const refresh = async () => {
      if (document.hidden) return
      const answer = await recentCalls().then(
        (calls) => ({ calls, fault: null }),
        (error: Error) => ({ fault: error.message }),
      )
      if (isWanted) setNow((before) => ({ ...before, ...answer }))
    }
    void refresh()
    const refreshing = setInterval(refresh, REFRESH_MS)
    document.addEventListener('visibilitychange', refresh)
    return () => {
      isWanted = false
      clearInterval(refreshing)
      document.removeEventListener('visibilitychange', refresh)
    }
  }, [change])
  return now
}
