import { once } from 'node:events'
import { vi } from 'vitest'
import { WebSocket } from 'ws'
import { CALL_ID, CALL_SID } from './chart-calls.ts'

const STREAM_SID = 'MZ18ad3ab5a668481ce02b83e7395059f0'

export type CarrierReceived = { event: string; media?: { payload: string }; mark?: { name: string } }

/** Twilio's side of a Media Stream over a real socket. */
export class Carrier {
  readonly socket: WebSocket
  readonly received: CarrierReceived[] = []
  closed: { code: number; reason: string } | null = null
  closes = 0
  /** Whether marks come back by themselves, as from a carrier that plays at once. */
  echoesMarks = true
  #sequence = 0

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString()) as CarrierReceived
      this.received.push(message)
      if (message.mark && this.echoesMarks) this.returnMark(message.mark.name)
    })
    socket.on('close', (code, reason) => {
      this.closes++
      this.closed = { code, reason: reason.toString() }
    })
    socket.on('error', () => {})
  }

  static async connect(origin: string, path = `/media-stream/${CALL_ID}`): Promise<Carrier> {
    const socket = new WebSocket(`${origin}${path}`, { perMessageDeflate: false })
    const carrier = new Carrier(socket)
    await once(socket, 'open')
    return carrier
  }

  send(event: string, fields: Record<string, unknown> = {}): void {
    const sequenceNumber = String(++this.#sequence)
    this.socket.send(JSON.stringify({ event, sequenceNumber, ...fields, streamSid: STREAM_SID }))
  }

  start(token: string | null, start: Record<string, unknown> = {}): void {
    this.socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
    this.send('start', {
      start: {
        streamSid: STREAM_SID,
        accountSid: 'AC0',
        callSid: CALL_SID,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: token === null ? {} : { token },
        ...start,
      },
    })
  }

  media(payload: string): void {
    this.send('media', { media: { track: 'inbound', chunk: '1', timestamp: '20', payload } })
  }

  returnMark(name: string): void {
    this.send('mark', { mark: { name } })
  }

  stop(): void {
    this.send('stop', { stop: { accountSid: 'AC0', callSid: CALL_SID } })
  }

  get heard(): string[] {
    return this.received.flatMap(({ media }) => (media ? [media.payload] : []))
  }

  get marks(): string[] {
    return this.received.flatMap(({ mark }) => (mark ? [mark.name] : []))
  }

  count(event: string): number {
    return this.received.filter((message) => message.event === event).length
  }

  /** Resolves with the close code and reason that the other side gave. */
  async whenClosed(): Promise<{ code: number; reason: string }> {
    await vi.waitFor(() => this.closed ?? Promise.reject(new Error('The carrier’s socket is still open.')), {
      timeout: 5_000,
      interval: 2,
    })
    return this.closed as { code: number; reason: string }
  }
}
