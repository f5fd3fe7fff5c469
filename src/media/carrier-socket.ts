import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { FrameSink } from './audio-queue.ts'
import type { CarrierCodec } from './carrier-port.ts'

/** FIN and the opcode of text, and of binary data. */
const TEXT = 0x81
const BINARY = 0x82
/** A length of this value says that the real one follows in 16 bits; 127 says so of 64 bits. */
const LENGTH_16 = 126
const LENGTH_64 = 127

/**
 * A carrier's WebSocket. `ws` reads it, answers pings and closes it; messages to the carrier are framed here (RFC 6455
 * §5.2), because `ws` hands header and message to the socket apart, and their vectored write costs more than all that
 * the relay itself does to a frame. Without compression `ws` writes every frame of its own whole, so the two never mix.
 */
export class CarrierSocket implements FrameSink {
  readonly stream: WebSocket
  readonly #wire: Duplex
  readonly #codec: Pick<CarrierCodec, 'sendsBinary'>

  constructor(stream: WebSocket, wire: Duplex, codec: Pick<CarrierCodec, 'sendsBinary'> = {}) {
    this.stream = stream
    this.#wire = wire
    this.#codec = codec
  }

  get bufferedBytes(): number {
    return this.#wire.writableLength
  }

  /** Sends a message; after the close it goes nowhere. `written` is called when the system has taken it. */
  send(message: Buffer, isAudio = false, written?: (error?: Error | null) => void): void {
    const opcode = isAudio && this.#codec.sendsBinary ? BINARY : TEXT
    if (this.stream.readyState === WebSocket.OPEN) this.#wire.write(frameOf(opcode, message), written)
  }
}

/** What a server sends is not masked. */
function frameOf(opcode: number, message: Buffer): Buffer {
  const { length } = message
  const headerLength = length < LENGTH_16 ? 2 : length < 0x10000 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = opcode
  if (headerLength === 2) {
    frame[1] = length
  } else if (headerLength === 4) {
    frame[1] = LENGTH_16
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = LENGTH_64
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.set(message, headerLength)
  return frame
}
