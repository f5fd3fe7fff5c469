import { type UseQueryOptions, useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { faultWords, read } from './calls-api.ts'
import { keyOf, retryOf, whenSeen } from './query-client.ts'

type Reading<T> = {
  value: T | null
  /** Why the newest could not be had; the older value is kept. */
  fault: string | null
  /** Asks again at once. */
  again: () => void
}

/** What the service says at a path, asked again every `everyMs` while the page can be seen. */
export function useRead<T>(path: string, everyMs: number | null = null): Reading<T> {
  const query = useQuery({ ...readingOf<T>(path), ...polled(everyMs) })
  const { refetch } = query
  const again = useCallback(() => void refetch(), [refetch])
  return { value: query.data ?? null, fault: faultOf(query), again }
}

/** The question at a path, for those who ask it in a way of their own. */
export const readingOf = <T>(path: string) => ({
  queryKey: keyOf(path),
  queryFn: async () => {
    await whenSeen()
    return read<T>(path)
  },
})

export const polled = (
  everyMs: number | null,
): Pick<UseQueryOptions, 'retry'> & { refetchInterval: number | false } => ({
  refetchInterval: everyMs ?? false,
  retry: retryOf(everyMs !== null),
})

/** While a question is tried again it has not failed yet, but a person is told why it takes so long. */
export function faultOf({
  failureReason,
  error,
}: {
  failureReason: Error | null
  error: Error | null
}): string | null {
  const fault = failureReason ?? error
  return fault && faultWords(fault)
}
