import { randomBytes } from 'node:crypto'

/** An id as the vendor makes them: `resp_…`, `item_…`. */
export const newId = (kind: 'sess' | 'event' | 'item' | 'resp' | 'live' | 'conv' | 'call'): string =>
  `${kind}_${randomBytes(12).toString('base64url').replace(/[-_]/g, 'x')}`
