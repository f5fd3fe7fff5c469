import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { closeHard, listenHere } from './loopback.ts'

/*
 * As much of a SIP server over WebSocket (RFC 7118) as a page's own call needs, without one line of the service's: what the
 * test says of the INVITE is answered, and requests within the dialog are sent as told.
 */

type Message = { start: string; headers: [name: string, value: string][]; body: string }

export type ReceivedRequest = { method: string; body: string; header: (name: string) => string }

export class SipOverWebSocket {
  url = ''
  /** The answer to the next INVITE: a session description, or a status to refuse it with. */
  answers: (offer: string) => Promise<string | number> = async () => 480
  readonly received: ReceivedRequest[] = []
  readonly #server = createServer()
  readonly #sockets = new WebSocketServer({ server: this.#server, handleProtocols: () => 'sip' })
  #phone: WebSocket | null = null
  #invite: Message | null = null
  #tag = ''
  #cseq = 0

  async start(): Promise<this> {
    this.url = (await listenHere(this.#server)).replace(/^http/, 'ws')
    this.#sockets.on('connection', (phone) => {
      this.#phone = phone
      phone.on('message', (data) => void this.#take(parse(data.toString())))
    })
    return this
  }

  async stop(): Promise<void> {
    this.dropConnection()
    await closeHard(this.#server)
  }

  dropConnection(): void {
    for (const socket of this.#sockets.clients) socket.terminate()
  }

  get methods(): string[] {
    return this.received.map(({ method }) => method)
  }

  /** Tells the page how far its call is. */
  tell(state: string): void {
    this.request('INFO', { 'Content-Type': 'application/json' }, JSON.stringify({ state }))
  }

  /** A request of ours within the call. */
  request(method: string, headers: Record<string, string> = {}, body = ''): void {
    const invite = this.#invite
    if (!invite) throw new Error('There is no call.')
    const contact = /<([^>]+)>/.exec(headerOf(invite, 'Contact'))?.[1]
    const own: [string, string][] = [
      ['Via', `SIP/2.0/WS test.invalid;branch=z9hG4bK${randomUUID()}`],
      ['Max-Forwards', '70'],
      ['From', `${headerOf(invite, 'To')};tag=${this.#tag}`],
      ['To', headerOf(invite, 'From')],
      ['Call-ID', headerOf(invite, 'Call-ID')],
      ['CSeq', `${++this.#cseq} ${method}`],
      ...Object.entries(headers),
    ]
    this.#send({ start: `${method} ${contact} SIP/2.0`, headers: own, body })
  }

  async #take(message: Message): Promise<void> {
    if (message.start.startsWith('SIP/2.0')) return
    const method = message.start.split(' ', 1)[0] ?? ''
    this.received.push({ method, body: message.body, header: (name) => headerOf(message, name) })
    if (method === 'INVITE') await this.#invited(message)
    else if (method === 'CANCEL') this.#canceled(message)
    else if (method !== 'ACK') this.#respond(message, '200 OK')
  }

  async #invited(invite: Message): Promise<void> {
    if (!headerOf(invite, 'Proxy-Authorization')) {
      const challenge = 'Digest realm="test", nonce="n", algorithm=MD5, qop="auth"'
      return this.#respond(invite, '407 Proxy Authentication Required', [['Proxy-Authenticate', challenge]])
    }
    this.#invite = invite
    this.#tag = randomUUID()
    this.#respond(invite, '180 Ringing', [['Contact', '<sip:test@test.invalid;transport=ws>']])
    const answer = await this.answers(invite.body)
    if (typeof answer === 'number') return this.#respond(invite, `${answer} Refused`)
    const headers: [string, string][] = [
      ['Contact', '<sip:test@test.invalid;transport=ws>'],
      ['Content-Type', 'application/sdp'],
    ]
    this.#respond(invite, '200 OK', headers, answer)
  }

  #canceled(cancel: Message): void {
    this.#respond(cancel, '200 OK')
    if (this.#invite) this.#respond(this.#invite, '487 Request Terminated')
  }

  #respond(to: Message, status: string, headers: [string, string][] = [], body = ''): void {
    const repeated = to.headers.filter(([name]) => /^(via|from|call-id|cseq)$/i.test(name))
    const theirTo = headerOf(to, 'To')
    const own = theirTo.includes(';tag=') ? theirTo : `${theirTo};tag=${this.#tag || 'none'}`
    this.#send({ start: `SIP/2.0 ${status}`, headers: [...repeated, ['To', own], ...headers], body })
  }

  #send({ start, headers, body }: Message): void {
    const length: [string, string] = ['Content-Length', `${Buffer.byteLength(body)}`]
    const lines = [...headers, length].map(([name, value]) => `${name}: ${value}`)
    this.#phone?.send([start, ...lines, '', body].join('\r\n'))
  }
}

function parse(text: string): Message {
  const end = text.indexOf('\r\n\r\n')
  const [start = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return { start, headers, body: text.slice(end + 4) }
}

const headerOf = ({ headers }: Message, name: string): string =>
  headers.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1] ?? ''
