import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { read } from './calls-api.ts'
import { retryOf, whenSeen } from './query-client.ts'
import { faultOf } from './use-read.ts'
import { useSettled } from './use-settled.ts'

type Page<T> = { nextCursor: string | null } & Record<string, T[] | string | null>

/** A question is asked when one has stopped to type it. */
const TYPING_MS = 250

/** A list that comes page by page; another question begins anew. `refreshMs` has it asked for again while it can be seen. */
export function usePages<T>(
  path: string,
  name: string,
  query: Record<string, string>,
  refreshMs: number | null = null,
) {
  const filled = Object.entries(query).filter(([, value]) => value !== '')
  const asked = useSettled(new URLSearchParams(filled).toString(), TYPING_MS)
  const pages = useInfiniteQuery({
    queryKey: [path, asked, 'pages'],
    queryFn: async ({ pageParam: cursor }) => {
      await whenSeen()
      return read<Page<T>>(`${path}?${asked}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
    retry: retryOf(refreshMs !== null),
    // Every page is asked for again: whoever has opened many of them asks no more often for that.
    refetchInterval: ({ state }) => refreshMs !== null && refreshMs * (state.data?.pages.length ?? 1),
  })
  return {
    items: pages.data?.pages.flatMap((page) => page[name] as T[]) ?? null,
    hasMore: pages.hasNextPage,
    fault: faultOf(pages),
    more: () => void pages.fetchNextPage(),
  }
}
