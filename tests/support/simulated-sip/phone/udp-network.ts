import { createSocket, type Socket } from 'node:dgram'
import { decodeMuLaw } from '../../../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../../../src/audio/mulaw-buffer.ts'
import { startFrameClock } from '../../../../src/simulator/frame-clock.ts'
import {
  addressOf,
  isResponse,
  parseSip,
  type SipMessage,
  type SipRequest,
  writeSip,
} from '../sip-message.ts'
import type { Respond, RtpSocket, SipNetwork, SipParty } from '../sip-network.ts'
import { decodeALaw, encodeALaw } from './a-law.ts'
import { FRAME_SAMPLES } from './scripted-voice.ts'

/** Below the ports that the system gives to others, and those that media servers use for their own audio. */
const FIRST_PORT = 10_000
const PORTS = 10_000

/** RFC 3550 and 3551: version 2, no extras; PCMU is payload type 0, and keys (RFC 4733) come as 101. */
const RTP_VERSION = 0x80
const RTP_HEADER_BYTES = 12
const PCMU = 0
const PCMA = 8
const KEYS = 101
const KEY_NAMES = '0123456789*#ABCD'
/** A key is held for as many frames as this, and its end is said three times. */
const KEY_FRAMES = 5
const KEY_ENDS = 3
const KEY_VOLUME = 10

/**
 * A real network for the simulated phone: SIP over UDP and audio over RTP (PCMU, PCMA), so that the same calls can be made through
 * real servers. Nothing is sent twice: it is meant for loopback and for networks that lose nothing.
 */
export class UdpNetwork implements SipNetwork {
  readonly #sockets = new Map<string, Socket>()
  readonly #streams = new Map<string, { socket: Socket; stop: () => void }>()
  readonly #awaited = new Map<string, Respond>()
  #port = FIRST_PORT + 2 * Math.floor((Math.random() * PORTS) / 2)

  freePort(): number {
    this.#port = FIRST_PORT + ((this.#port + 2 - FIRST_PORT) % PORTS)
    return this.#port
  }

  attach(party: SipParty): void {
    const socket = bound(party.address)
    socket.on('message', (bytes, { address, port }) => {
      const send = (message: SipMessage) => socket.send(writeSip(message), port, address)
      this.#take(party, parseSip(bytes.toString('utf8')), `${address}:${port}`, send)
    })
    this.#sockets.set(party.address, socket)
  }

  detach({ address }: SipParty): void {
    const socket = this.#sockets.get(address)
    this.#sockets.delete(address)
    // What has been said at the last moment still goes out.
    if (socket) setTimeout(() => socket.close(), LINGER_MS).unref()
  }

  send(request: SipRequest, { uri, from, respond }: { uri: string; from: string; respond: Respond }): void {
    const [host = '', port = ''] = addressOf(uri).split(':')
    if (request.method !== 'ACK') this.#awaited.set(transactionOf(request), respond)
    this.#sockets.get(from)?.send(writeSip(request), Number(port), host)
  }

  openRtp(address: string, stream: RtpSocket): void {
    const socket = bound(address)
    socket.on('message', (packet: Buffer) => {
      const [type, payload] = [(packet[1] as number) & 0x7f, packet.subarray(RTP_HEADER_BYTES)]
      if (payload.length === 0) return
      if (type === PCMU) stream.hear(decodeMuLaw(payload))
      else if (type === PCMA) stream.hear(decodeALaw(payload))
    })
    const writer = new RtpWriter(stream)
    const stop = startFrameClock(() => {
      const [host = '', port = ''] = stream.target.split(':')
      if (host) for (const packet of writer.packets()) socket.send(packet, Number(port), host)
    })
    this.#streams.set(address, { socket, stop })
  }

  closeRtp(address: string): void {
    const stream = this.#streams.get(address)
    this.#streams.delete(address)
    stream?.stop()
    stream?.socket.close()
  }

  #take(party: SipParty, message: SipMessage, source: string, send: (message: SipMessage) => void): void {
    if (!isResponse(message)) {
      party.receive(message, source, send)
      return
    }
    const transaction = transactionOf(message)
    const respond = this.#awaited.get(transaction)
    if (message.status >= 200) this.#awaited.delete(transaction)
    respond?.(message)
  }
}

/** How long a socket outlives its call: the answer to the last BYE may take a while where the machine is busy. */
const LINGER_MS = 3_000

function bound(address: string): Socket {
  const [host = '', port = ''] = address.split(':')
  const socket = createSocket('udp4')
  socket.bind(Number(port), host)
  return socket
}

/** Responses belong to requests by their branch and method. */
function transactionOf({ headers }: SipMessage): string {
  const branch = /branch=([^;\s]+)/.exec(headers.get('Via'))?.[1]
  return `${branch} ${headers.get('CSeq').split(' ')[1]}`
}

/** Writes one stream of RTP: speech, silence between it, and keys. */
class RtpWriter {
  readonly #stream: RtpSocket
  readonly #source = Math.floor(Math.random() * 2 ** 32)
  #sequence = 0
  #timestamp = 0
  #key: { code: number; frames: number } | null = null

  constructor(stream: RtpSocket) {
    this.#stream = stream
  }

  /** What is to be sent in these 20 ms. */
  packets(): Buffer[] {
    const digit = this.#key ? null : this.#stream.nextDigit()
    if (digit) this.#key = { code: KEY_NAMES.indexOf(digit.toUpperCase()), frames: 0 }
    const speech = this.#stream.nextFrame() ?? new Int16Array(FRAME_SAMPLES)
    const packets = this.#key ? this.#keyPackets(this.#key) : [this.#spoken(speech)]
    this.#timestamp += FRAME_SAMPLES
    return packets
  }

  #spoken(speech: Int16Array): Buffer {
    const isALaw = this.#stream.codec === 'PCMA'
    return isALaw ? this.#packet(PCMA, encodeALaw(speech)) : this.#packet(PCMU, encodeMuLaw(speech))
  }

  #keyPackets(key: { code: number; frames: number }): Buffer[] {
    key.frames++
    const isOver = key.frames === KEY_FRAMES
    if (isOver) this.#key = null
    const begin = this.#timestamp - (key.frames - 1) * FRAME_SAMPLES
    const event = Buffer.from([key.code, (isOver ? 0x80 : 0) | KEY_VOLUME, 0, 0])
    event.writeUInt16BE(key.frames * FRAME_SAMPLES, 2)
    return Array.from({ length: isOver ? KEY_ENDS : 1 }, () => this.#packet(KEYS, event, begin))
  }

  #packet(type: number, payload: Buffer, timestamp = this.#timestamp): Buffer {
    const header = Buffer.alloc(RTP_HEADER_BYTES)
    header.writeUInt8(RTP_VERSION, 0)
    header.writeUInt8(type, 1)
    header.writeUInt16BE(this.#sequence++ & 0xffff, 2)
    header.writeUInt32BE(timestamp >>> 0, 4)
    header.writeUInt32BE(this.#source, 8)
    return Buffer.concat([header, payload])
  }
}
