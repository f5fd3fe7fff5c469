/** RFC 6455 §7.4.1 and https://www.iana.org/assignments/websocket */
export const CLOSE = { normal: 1000, policy: 1008, internalError: 1011 } as const
const LONGEST_CLOSE_REASON = 123

/** A close reason counts bytes, so only characters of one byte are kept. */
export const closeReason = (reason: string): string =>
  reason.replace(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_CLOSE_REASON)
