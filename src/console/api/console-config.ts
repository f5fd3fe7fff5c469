import { useEffect, useState } from 'react'
import { read } from './calls-api.ts'

/** What stands behind this console, as src/http/console-routes.ts tells it. */
export type ConsoleConfig = {
  carrier: 'simulated' | 'real'
  agentVendor: 'simulated' | 'real'
  phoneNumber: string | null
  /** Whether something would start the process again that the page may kill. */
  canBeKilled?: boolean
}

const RETRY_MS = 3_000

/** Null until the service has answered. */
export function useConsoleConfig(): ConsoleConfig | null {
  const [config, setConfig] = useState<ConsoleConfig | null>(null)
  useEffect(() => {
    let retry: ReturnType<typeof setTimeout>
    let isWanted = true
    const load = () =>
      read<ConsoleConfig>('/console/config').then(
        (loaded) => isWanted && setConfig(loaded),
        () => {
          if (isWanted) retry = setTimeout(load, RETRY_MS)
        },
      )
    void load()
    return () => {
      isWanted = false
      clearTimeout(retry)
    }
  }, [])
  return config
}
