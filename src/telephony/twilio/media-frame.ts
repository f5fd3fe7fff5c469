/*
 * Finds the payload of a `media` message without parsing it. Nine messages in ten are of this kind, so they are held
 * against the exact bytes that Twilio sends; whatever differs is not wrong, only left to JSON.parse.
 */

const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const IS_BASE64 = new Uint8Array(256)
for (const character of BASE64_ALPHABET) IS_BASE64[character.charCodeAt(0)] = 1

const PAD = 0x3d

/** Whether the bytes from `start` up to `end` are base64 (RFC 4648 §4), padded, and not empty. */
export function isBase64(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || (end - start) % 4 !== 0) return false
  const letters = end - paddingBefore(bytes, end)
  let all = 1
  let at = start
  // Four at a time and without a branch: this loop is a third of what a frame costs.
  for (; at + 4 <= letters; at += 4) {
    all &= isLetter(bytes, at) & isLetter(bytes, at + 1) & isLetter(bytes, at + 2) & isLetter(bytes, at + 3)
  }
  for (; at < letters; at++) all &= isLetter(bytes, at)
  return all === 1
}

function paddingBefore(bytes: Uint8Array, end: number): number {
  if (bytes[end - 1] !== PAD) return 0
  return bytes[end - 2] === PAD ? 2 : 1
}

const isLetter = (bytes: Uint8Array, at: number): number => IS_BASE64[bytes[at] as number] as number

/** Longer than any head with numbers that a call can reach. */
const MAX_HEAD_BYTES = 192

/** One order in which a `media` message may put its fields. */
export class MediaFrameLayout {
  /** Sticky, so that after a match its `lastIndex` is where the payload begins. */
  readonly #head: RegExp
  readonly #tail: Buffer

  /** `head` is a pattern and ends before the payload; `tail` is text and begins behind it. */
  constructor(head: string, tail: string) {
    this.#head = new RegExp(head, 'y')
    this.#tail = Buffer.from(tail)
  }

  /** A view of the payload's bytes, or null when the message is not exactly of this layout. */
  payloadOf(message: Buffer): Buffer | null {
    const start = this.#headLength(message)
    const end = message.length - this.#tail.length
    if (start === 0 || !this.#hasTailAt(message, end) || !isBase64(message, start, end)) return null
    return message.subarray(start, end)
  }

  #headLength(message: Buffer): number {
    const head = this.#head
    head.lastIndex = 0
    return head.test(message.toString('latin1', 0, MAX_HEAD_BYTES)) ? head.lastIndex : 0
  }

  #hasTailAt(message: Buffer, at: number): boolean {
    const tail = this.#tail
    if (at < 0) return false
    let different = 0
    for (let index = 0; index < tail.length; index++) {
      different |= (message[at + index] as number) ^ (tail[index] as number)
    }
    return different === 0
  }
}

/** The layouts that are seen in the wild: Twilio's own first, then the one of those who read its documentation. */
export function mediaFrameLayouts(streamSid: string): readonly MediaFrameLayout[] {
  const sid = `"streamSid":"${streamSid}"`
  const event = '{"event":"media","sequenceNumber":"\\d+",'
  const media = '"media":{"track":"inbound","chunk":"\\d+","timestamp":"\\d+","payload":"'
  return [
    new MediaFrameLayout(pattern(event + media), `"},${sid}}`),
    new MediaFrameLayout(pattern(`${event}${sid},${media}`), '"}}'),
  ]
}

/** Braces stand for themselves. */
const pattern = (head: string): string => head.replaceAll('{', '\\{')
