/*
 * The framing between a drachtio-server and its apps: each message follows its length in bytes and a "#".
 * Source: drachtio-server, src/client.cpp; drachtio-srf, lib/wire-protocol.js.
 */

/** A length has at most five digits: so drachtio-server reads it, and hangs up on anything else. */
const MAX_LENGTH_DIGITS = 5

export function frame(message: string): string {
  return `${Buffer.byteLength(message)}#${message}`
}

/** The server reads so many bytes at a time into a ring of that many. */
const READ_BYTES = 8_192
const RING_BYTES = 12_228

/** Takes bytes as they come and gives out whole messages. */
export class MessageReader {
  #buffer = Buffer.alloc(0)
  #isDeaf = false

  /** Throws SyntaxError where no length stands. */
  read(bytes: Buffer): string[] {
    const pieces = Math.ceil(bytes.length / READ_BYTES)
    return Array.from({ length: pieces }, (_, index) =>
      this.#take(bytes.subarray(index * READ_BYTES, (index + 1) * READ_BYTES)),
    ).flat()
  }

  /** What does not fit into the ring pushes out what was there; no message is whole from then on. */
  #take(chunk: Buffer): string[] {
    if (this.#isDeaf || this.#buffer.length + chunk.length > RING_BYTES) {
      this.#isDeaf = true
      return []
    }
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    const messages: string[] = []
    for (let message = this.#next(); message !== null; message = this.#next()) messages.push(message)
    return messages
  }

  #next(): string | null {
    const hash = this.#buffer.indexOf('#')
    const digits = this.#buffer.toString('latin1', 0, hash < 0 ? this.#buffer.length : hash)
    if (!/^\d*$/.test(digits) || digits.length > MAX_LENGTH_DIGITS || hash === 0)
      throw new SyntaxError(`"${digits}" is not the length of a message.`)
    const end = hash + 1 + Number(digits)
    if (hash < 0 || this.#buffer.length < end) return null
    const message = this.#buffer.toString('utf8', hash + 1, end)
    this.#buffer = this.#buffer.subarray(end)
    return message
  }
}

/** The time of day as it stands in each message. */
export function timeOfDay(): string {
  return `${new Date().toISOString().slice(11, 23)}000`
}
