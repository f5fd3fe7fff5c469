import { isBase64 } from '../audio/base64.ts'

const QUOTE = 0x22
const COLON = 0x3a

/** One string of a JSON message, taken out of it: `payload` is a view into the message, `rest` what remains, with an empty string there. */
export type Base64Member = { payload: Buffer; rest: string }

/**
 * Cuts the base64 string of the member `name` out of a JSON message, which is far cheaper than to parse it. That this finds the
 * right string holds only if the parsed `rest` has the empty string at the member's place, which is the caller's to check:
 * nothing is escaped in what remains, so that the name can be spelled in one way only, and it occurs once.
 */
export function cutBase64(message: Buffer, name: string): Base64Member | null {
  const key = `"${name}"`
  const at = message.indexOf(key)
  if (at < 0) return null
  const start = stringAfterColon(message, at + key.length)
  const end = start < 0 ? -1 : message.indexOf(QUOTE, start)
  if (end < 0) return null
  // Latin-1 keeps every byte a character: other text may look odd, which nobody reads here.
  const rest = message.toString('latin1', 0, start) + message.toString('latin1', end)
  if (rest.includes('\\') || rest.includes(name, start)) return null
  const payload = message.subarray(start, end)
  return isBase64(payload) ? { payload, rest } : null
}

/** Where the string begins that follows a key's colon, behind its quote; -1 when something else follows. */
function stringAfterColon(message: Buffer, from: number): number {
  let at = skipSpace(message, from)
  if (message[at] !== COLON) return -1
  at = skipSpace(message, at + 1)
  return message[at] === QUOTE ? at + 1 : -1
}

function skipSpace(message: Buffer, from: number): number {
  let at = from
  for (let byte = message[at]; byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; )
    byte = message[++at]
  return at
}

/** Puts a payload, base64 as ASCII bytes, between what stands before and behind it in a message. */
export function spliceBase64(head: Buffer, payload: Buffer, tail: Buffer): Buffer {
  const tailAt = head.length + payload.length
  const message = Buffer.allocUnsafe(tailAt + tail.length)
  message.set(head)
  message.set(payload, head.length)
  message.set(tail, tailAt)
  return message
}
