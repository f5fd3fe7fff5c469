import { focusManager, QueryClient } from '@tanstack/react-query'
import { AWAY_RETRY_MS, isAway } from './calls-api.ts'

/** What the page has read, and what it still wants to read; one for the whole page. */
export const queryClient = new QueryClient({
  defaultOptions: {
    // Whether the browser believes to be online says nothing of a service on the same machine.
    queries: {
      networkMode: 'always',
      retry: (_times, error) => isAway(error),
      retryDelay: AWAY_RETRY_MS,
    },
    mutations: { networkMode: 'always' },
  },
})

/** What is asked again and again anyway is so after any fault. */
export const retryOf = (isPolled: boolean) => (_times: number, error: Error) => isPolled || isAway(error)

/** Without its query string, so that a write can name all that was read from a place. */
export const keyOf = (path: string): readonly string[] => path.split('?')

/** Resolves when somebody can see the page: one that was opened in the background asks nothing until then. */
export function whenSeen(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (focusManager.isFocused()) resolve()
  const unsubscribe = focusManager.subscribe((isSeen) => isSeen && resolve())
  return promise.finally(unsubscribe)
}
