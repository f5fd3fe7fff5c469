import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto'

/*
 * `ElevenLabs-Signature: t=<unix seconds>,v0=<hex of HMAC-SHA256(secret, "t.body")>`. The SDK's own check accepts any time in
 * the future and compares character by character, so this is done here.
 */

/** As far as the vendor's own check lets the clocks, and a delivery, lie apart. */
const TOLERANCE_SECONDS = 30 * 60
const DIGEST = /^[0-9a-f]{64}$/i
/** A time and one digest, or two while the secret changes, take about 150 characters. */
const LONGEST_HEADER = 1_024

/** A signature that is read before its body, and checked while that comes in. */
export class PostCallSignature {
  readonly #digests: readonly Buffer[]
  readonly #hmac: Hmac

  private constructor(secret: string, time: string, digests: readonly string[]) {
    this.#digests = digests.map((digest) => Buffer.from(digest, 'hex'))
    this.#hmac = createHmac('sha256', secret).update(`${time}.`)
  }

  /** The signature, or why it is refused whatever the body. `now` in milliseconds. */
  static read(secret: string, header: string, now: number): PostCallSignature | { why: string } {
    const shape = { why: 'it must be like t=SECONDS,v0=HEX' }
    if (header.length > LONGEST_HEADER) return shape
    const fields = header.split(',').map((field) => field.trim())
    const valuesOf = (name: string) =>
      fields.filter((field) => field.startsWith(`${name}=`)).map((field) => field.slice(name.length + 1))
    const [times, digests] = [valuesOf('t'), valuesOf('v0').filter((digest) => DIGEST.test(digest))]
    const time = times.length === 1 ? times[0] : undefined
    if (!time || !/^\d+$/.test(time) || digests.length === 0) return shape
    if (Math.abs(now / 1000 - Number(time)) > TOLERANCE_SECONDS)
      return { why: 'its time is more than 30 minutes off' }
    return new PostCallSignature(secret, time, digests)
  }

  /** The next bytes of the body. */
  update(bytes: Buffer): this {
    this.#hmac.update(bytes)
    return this
  }

  /** Null when it belongs to the body that was seen; to be asked once. While one secret replaces another, there is a digest of each. */
  refusal(): string | null {
    const expected = this.#hmac.digest()
    const isRight = this.#digests.some((digest) => timingSafeEqual(digest, expected))
    return isRight ? null : 'it does not belong to this body and secret'
  }
}
