import type { IncomingMessage } from 'node:http'

/**
 * Whether a page of ours makes this request, or no page at all. Browsers say whose page makes a request; only where they do
 * not (plain http to another machine) must the origin be that of the request itself. A page may always be opened.
 */
export function isOwnPage({ headers, method }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  const isOpened = headers['sec-fetch-mode'] === 'navigate' && (method === 'GET' || method === 'HEAD')
  if (site !== undefined) return site === 'same-origin' || site === 'none' || isOpened
  const { origin, host } = headers
  return origin === undefined || URL.parse(origin)?.host === host
}
