import { useEffect, useState } from 'react'
import { serviceNow } from './service-clock.ts'

/** The present by the service's clock, every so often; it stands still while nothing runs. */
export function useNow(everyMs: number, isRunning = true): number {
  const [now, setNow] = useState(serviceNow)
  useEffect(() => {
    if (!isRunning) return
    setNow(serviceNow())
    const ticking = setInterval(() => setNow(serviceNow()), everyMs)
    return () => clearInterval(ticking)
  }, [everyMs, isRunning])
  return now
}
