import { useQuery } from '@tanstack/react-query'
import { readingOf } from './use-read.ts'

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

/** Null until the service has answered, whatever it or a proxy before it says meanwhile. */
export function useConsoleConfig(): ConsoleConfig | null {
  const path = '/console/config'
  return useQuery({ ...readingOf<ConsoleConfig>(path), retry: true, staleTime: Infinity }).data ?? null
}
