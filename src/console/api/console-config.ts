import { useEffect, useState } from 'react'
import { read } from './calls-api.ts'

/** What stands behind this console, as src/http/console-routes.ts tells it. */
export type ConsoleConfig = {
  carrier: 'simulated' | 'real'
  agentVendor: 'simulated' | 'real'
  phoneNumber: string | null
  /** Null without SIP. */
  sip?: SipLine | null
  /** Whether something would start the process again that the page may kill. */
  canBeKilled?: boolean
}

/** How the SIP line is reached, and by whom. */
export type SipLine = {
  /** Where drachtio-server takes SIP; null when that is every address of its machine. */
  host: string | null
  port: number
  /** Those that are answered; null means all. */
  numbers: readonly string[] | null
  /** The names of those who call with a password. */
  users: readonly string[]
  /** CIDRs from which calls are taken without one. */
  trunks: readonly string[]
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
