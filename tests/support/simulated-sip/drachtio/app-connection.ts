import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { type SipMessage, writeSip } from '../sip-message.ts'
import { frame, MessageReader, timeOfDay } from './wire.ts'

/** A message of the app: its id, its type, its further tokens, and the SIP message after them. */
export type AppMessage = { id: string; type: string; tokens: string[]; sip: string }

/** The connection of one app; it stays what it is when the socket is gone, since what was the app's is nobody else's. */
export class AppConnection {
  /** The methods, in lower case, that the app wants to hear of. */
  readonly verbs = new Set<string>()
  isAuthenticated = false
  /** Nothing that the app says is read any more. */
  isDeaf = false
  readonly #socket: Socket
  readonly #reader = new MessageReader()
  readonly #heldBackMs: () => number
  #heldBack = ''

  constructor(
    socket: Socket,
    {
      onMessage,
      onClose,
      heldBackMs,
    }: {
      onMessage: (message: AppMessage) => void
      onClose: () => void
      /** How long messages wait for others, to come in one piece. */
      heldBackMs: () => number
    },
  ) {
    this.#socket = socket
    this.#heldBackMs = heldBackMs
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      if (this.isDeaf) return
      try {
        for (const message of this.#reader.read(chunk)) onMessage(split(message))
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        socket.destroy()
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', onClose)
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  /** Answers a message of the app. */
  reply(id: string, outcome: 'OK' | 'NOK' | 'NO', detail = ''): void {
    this.#send(`response|${id}|${outcome}${detail && `|${detail}`}`)
  }

  /** Tells the app of a SIP message: the tokens that describe it, and the message. */
  tell(tokens: string, sip: string): void {
    this.#send(`sip|${tokens}|\r\n${sip}`)
  }

  /** Hangs up after what has been said. */
  end(): void {
    this.#socket.end()
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.destroy()
  }

  #send(message: string): void {
    const isFirst = this.#heldBack === ''
    this.#heldBack += frame(`${randomUUID()}|${message}`)
    const wait = this.#heldBackMs()
    if (wait === 0) this.#flush()
    else if (isFirst) setTimeout(() => this.#flush(), wait)
  }

  #flush(): void {
    if (this.isOpen && this.#heldBack) this.#socket.write(this.#heldBack)
    this.#heldBack = ''
  }
}

/** The six tokens that describe a message: source, bytes, protocol, address, port, time. */
export function metaTokens({
  source,
  address,
  sip,
}: {
  source: string
  address: string
  sip: string
}): string {
  const [host = '', port = ''] = address.split(':')
  const protocol = /^Via: SIP\/2\.0\/(\w+)/m.exec(sip)?.[1]?.toLowerCase() ?? 'udp'
  return [source, Buffer.byteLength(sip), protocol, host, port, timeOfDay()].join('|')
}

/** Tells an app of a message that came from an address; `tokens` name its transaction and dialog. */
export function tellOf(
  app: AppConnection,
  message: SipMessage,
  {
    source = 'network',
    address,
    tokens,
  }: { source?: 'network' | 'application'; address: string; tokens: string[] },
): void {
  const sip = writeSip(message)
  app.tell([metaTokens({ source, address, sip }), ...tokens].join('|'), sip)
}

function split(message: string): AppMessage {
  const end = message.indexOf('\r\n')
  const [id = '', type = '', ...tokens] = (end < 0 ? message : message.slice(0, end)).split('|')
  return { id, type, tokens, sip: end < 0 ? '' : message.slice(end + 2) }
}
