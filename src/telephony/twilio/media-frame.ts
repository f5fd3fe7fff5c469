/*
 * Finds the payload of a `media` message without parsing it. Nine messages in ten are of this kind, so they are held
 * against the exact bytes that Twilio sends; whatever differs is not wrong, only left to JSON.parse.
 */

const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const IS_BASE64 = new Uint8Array(256)
for (const character of BASE64_ALPHABET) IS_BASE64[character.charCodeAt(0)] = 1

const PAD = 0x3d
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/** Whether the bytes from `start` up to `end` are base64 (RFC 4648 §4), padded, and not empty. */
export function isBase64(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || (end - start) % 4 !== 0) return false
  let last = end
  if (bytes[last - 1] === PAD) last -= bytes[last - 2] === PAD ? 2 : 1
  for (let at = start; at < last; at++) if (IS_BASE64[bytes[at] as number] === 0) return false
  return true
}

/** One order in which a `media` message may put its fields. */
export class MediaFrameLayout {
  /** What stands before each of the three numbers, and before the payload. */
  readonly #literals: readonly Buffer[]
  readonly #tail: Buffer

  constructor(literals: readonly string[], tail: string) {
    this.#literals = literals.map((literal) => Buffer.from(literal))
    this.#tail = Buffer.from(tail)
  }

  /** A view of the payload's bytes, or null when the message is not exactly of this layout. */
  payloadOf(message: Buffer): Buffer | null {
    const end = message.length - this.#tail.length
    const start = this.#payloadStart(message)
    if (start === -1 || skip(message, this.#tail, end) === -1 || !isBase64(message, start, end)) return null
    return message.subarray(start, end)
  }

  #payloadStart(message: Buffer): number {
    const literals = this.#literals
    let at = skip(message, literals[0] as Buffer, 0)
    for (let index = 1; index < literals.length && at !== -1; index++) {
      const afterDigits = skipDigits(message, at)
      at = afterDigits === at ? -1 : skip(message, literals[index] as Buffer, afterDigits)
    }
    return at
  }
}

/** The place after `literal`, which is to stand at `at`; -1 when it does not. */
function skip(message: Buffer, literal: Buffer, at: number): number {
  if (at < 0 || at + literal.length > message.length) return -1
  for (let index = 0; index < literal.length; index++) {
    if (message[at + index] !== literal[index]) return -1
  }
  return at + literal.length
}

function skipDigits(message: Buffer, from: number): number {
  let at = from
  while (at < message.length) {
    const byte = message[at] as number
    if (byte < DIGIT_0 || byte > DIGIT_9) break
    at++
  }
  return at
}

const INBOUND = '"media":{"track":"inbound","chunk":"'

/** The layouts that are seen in the wild: Twilio's own first, then the one of its documentation's readers. */
export function mediaFrameLayouts(streamSid: string): readonly MediaFrameLayout[] {
  const sid = `"streamSid":"${streamSid}"`
  const event = '{"event":"media","sequenceNumber":"'
  return [
    new MediaFrameLayout([event, `",${INBOUND}`, '","timestamp":"', '","payload":"'], `"},${sid}}`),
    new MediaFrameLayout([event, `",${sid},${INBOUND}`, '","timestamp":"', '","payload":"'], '"}}'),
  ]
}
