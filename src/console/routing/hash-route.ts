import { useSyncExternalStore } from 'react'

/** Where in the console one is: `#/calls/ID?from=…`. It stays in the address bar, so a link leads others to the same place. */
export type Route = { page: string; id: string | null; query: URLSearchParams }

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [page = '', id] = path.split('/')
  return { page, id: id ? decode(id) : null, query: new URLSearchParams(query) }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const subscribe = (onChange: () => void) => {
  addEventListener('hashchange', onChange)
  return () => removeEventListener('hashchange', onChange)
}

export const useHash = (): string => useSyncExternalStore(subscribe, () => location.hash)

/** Changes the query without another entry in the history, as a filter that is typed does. */
export function replaceQuery(query: Record<string, string>): void {
  const kept = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  const [path] = (location.hash || '#/').split('?')
  history.replaceState(null, '', `${path}${kept.size > 0 ? `?${kept}` : ''}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

export const hrefOfCall = (id: string): string => `#/calls/${id}`
