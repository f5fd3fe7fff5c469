import { useEffect, useState } from 'react'

/** A value that may change many times in a row, as of when it has stayed the same for a while; the first counts at once. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const settling = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(settling)
  }, [value, ms])
  return settled
}
