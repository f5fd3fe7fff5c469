import { useEffect, useState } from 'react'
import { clockWords } from '../call/numbers.ts'
import type { TestCallState } from './test-call.ts'

const TICK_MS = 250

/** How long the call has lasted. It is not announced: a screen reader would speak of nothing else. */
export function ElapsedClock({ state: { phase, startedAt, endedAt } }: { state: TestCallState }) {
  const [now, setNow] = useState(() => performance.now())
  const isRunning = phase === 'live' || phase === 'hanging-up'
  useEffect(() => {
    if (!isRunning) return
    const ticking = setInterval(() => setNow(performance.now()), TICK_MS)
    return () => clearInterval(ticking)
  }, [isRunning])

  const until = phase === 'over' ? endedAt : Math.max(now, startedAt)
  const words = clockWords(startedAt === 0 ? 0 : until - startedAt)
  return (
    <div className="clock" role="timer" aria-label="Elapsed time">
      {words}
    </div>
  )
}
