import { useQuery } from '@tanstack/react-query'
import type { ConsoleConfig } from '../../http/console/console-routes.ts'
import { readingOf } from './use-read.ts'

/** Null until the service has answered, whatever it or a proxy before it says meanwhile. */
export function useConsoleConfig(): ConsoleConfig | null {
  const path = '/console/config'
  return useQuery({ ...readingOf<ConsoleConfig>(path), retry: true, staleTime: Infinity }).data ?? null
}
