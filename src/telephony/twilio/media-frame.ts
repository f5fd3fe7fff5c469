import { hasBytesAt, isBase64 } from '../../audio/base64.ts'

/*
 * Finds the payload of a `media` message without parsing it. Nine messages in ten are of this kind, so they are held
 * against the exact bytes that Twilio sends; whatever differs is not wrong, only left to JSON.parse.
 */

/** A frame carries sound, so its payload is not empty either. */
export const isPayload = (bytes: Uint8Array, start: number, end: number): boolean =>
  end > start && isBase64(bytes, start, end)

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
    if (start === 0 || !hasBytesAt(message, end, this.#tail) || !isPayload(message, start, end)) return null
    return message.subarray(start, end)
  }

  #headLength(message: Buffer): number {
    const head = this.#head
    head.lastIndex = 0
    return head.test(message.toString('latin1', 0, MAX_HEAD_BYTES)) ? head.lastIndex : 0
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
