import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Clock, scaledClock } from '../../runtime/clock.ts'
import { ClockScope } from '../clock-scope.ts'
import { DEMO_SCRIPT, type Script } from '../script.ts'
import { Faults, type FaultyAnswer, UNAUTHORIZED } from './faults.ts'
import { LIVE_MODELS } from './live/live-end.ts'
import { LiveSessions } from './live/live-sessions.ts'
import { RealtimeEnd } from './realtime-end.ts'
import { newRecord, type SessionRecord } from './session-record.ts'
import { DEFAULTS } from './session-settings.ts'
import { newId } from './vendor-id.ts'

const REALTIME_PATH = '/v1/realtime'
const LIVE_PATH = '/v1/live/sessions'
const MODELS_PATH = '/v1/models'
/** What a client may send at once. */
const MAX_MESSAGE_BYTES = 15 * 1024 * 1024
/** Sessions that are over beyond this number are forgotten, oldest first. */
const KEPT = 200

/** What the account may use. */
const MODELS = [
  'gpt-realtime',
  'gpt-realtime-1.5',
  'gpt-realtime-2',
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
  'gpt-realtime-whisper',
  'gpt-live-transcribe',
  'gpt-transcribe',
  'whisper-1',
  'gpt-4o-transcribe',
  ...LIVE_MODELS,
]

export type OpenAiOptions = {
  apiKey: string
  log: Logger
  /** Where to listen on 127.0.0.1; 0, the default, is any free port. */
  port?: number
  /** 1, the default, is real time; 0.05 lets everything happen twenty times as fast. */
  timeScale?: number
  /** Time itself, for a test that gives it; takes the place of `timeScale`. */
  clock?: Clock
  script?: Script
  /** Keeps what agents hear as it came, for a test to listen to; it is megabytes for each minute. */
  keepsCallerAudio?: boolean
}

/** A running simulated vendor: where it is, what a test can make go wrong, and what it saw. */
export class SimulatedOpenAi extends Faults {
  /** Those of the Live API. */
  readonly live = new LiveSessions()
  /** Those of the Realtime API, by id, oldest first; open ones too. */
  readonly sessions = new Map<string, SessionRecord>()
  readonly #options: OpenAiOptions
  readonly #clock: ClockScope
  readonly #scale: number
  readonly #open = new Map<string, RealtimeEnd>()
  readonly #server = createServer((request, response) => this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, autoPong: false })
  readonly #ignored = new Set<Duplex>()
  #url = ''
  #stopped: Promise<void> | null = null

  constructor(options: OpenAiOptions) {
    super()
    this.#options = options
    this.#scale = options.clock ? 1 : (options.timeScale ?? 1)
    this.#clock = new ClockScope(options.clock ?? scaledClock(this.#scale))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The origin for `OPENAI_BASE_URL`. */
  get url(): string {
    return this.#url
  }

  get liveSessionIds(): string[] {
    return [...this.#open.keys()]
  }

  /** @throws Error when there is no such live session. */
  session(id: string): RealtimeEnd {
    const session = this.#open.get(id)
    if (session) return session
    throw new Error(`No live session ${id}; live: ${this.liveSessionIds.join(', ') || 'none'}.`)
  }

  /** Ends everything. May be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#clock.stop()
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const client of this.#sockets.clients) client.terminate()
    for (const socket of this.#ignored) socket.destroy()
    this.#server.closeAllConnections()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = URL.parse(request.url ?? '/', 'http://simulated')
    const answer = this.refuse ?? this.#refusal(request) ?? pageOf(url?.pathname ?? '')
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    const type = typeof answer.body === 'string' ? 'text/html' : 'application/json'
    response.writeHead(answer.status, { 'content-type': type, ...answer.headers }).end(body)
  }

  #refusal({ headers }: IncomingMessage): FaultyAnswer | null {
    return headers.authorization === `Bearer ${this.#options.apiKey}` ? null : UNAUTHORIZED
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    if (this.ignoreNext > 0) {
      this.ignoreNext--
      this.#ignored.add(socket)
      return
    }
    const url = URL.parse(request.url ?? '/', 'http://simulated')
    const refusal = this.refuseNext.shift() ?? this.refuse ?? this.#refusal(request) ?? addressFault(url)
    if (refusal) {
      refuseUpgrade(socket, refusal)
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', (error) => this.#options.log.debug({ err: error }, 'a simulated session failed'))
      if (url?.pathname === LIVE_PATH) this.live.admit(client, this.#sessionOptions())
      else this.#admit(client, url?.searchParams.get('model') ?? '')
    })
  }

  #sessionOptions() {
    const { script = DEMO_SCRIPT, keepsCallerAudio = false, log } = this.#options
    return {
      clock: this.#clock,
      script,
      faults: this,
      keepsCallerAudio,
      log,
      lastsMs: this.sessionMs,
      expiresAt: Math.round((Date.now() + this.sessionMs * this.#scale) / 1000),
    }
  }

  #admit(client: WebSocket, model: string): void {
    const record = newRecord(newId('sess'), model, DEFAULTS)
    const session = new RealtimeEnd(client, { ...this.#sessionOptions(), record })
    this.#open.set(record.id, session)
    this.#keep(record)
    client.once('close', () => this.#open.delete(record.id))
    if (!MODELS.includes(model)) session.fail('model_not_found', noModel(model), 1008)
  }

  #keep(record: SessionRecord): void {
    this.sessions.set(record.id, record)
    for (const { id, closeCode } of this.sessions.values()) {
      if (this.sessions.size <= KEPT) break
      if (closeCode !== null) this.sessions.delete(id)
    }
  }
}

/**
 * Starts a vendor that speaks OpenAI's Realtime and Live APIs over WebSocket on 127.0.0.1, and tells of its models by REST.
 * @throws when the port is taken or `timeScale` is not above 0.
 */
export async function startOpenAi(options: OpenAiOptions): Promise<SimulatedOpenAi> {
  const simulator = new SimulatedOpenAi(options)
  await simulator.listen(options.port ?? 0)
  return simulator
}

/** The Live API has its model in the first message, and refuses one in the address. */
function addressFault(url: URL | null): FaultyAnswer | null {
  if (url?.pathname === REALTIME_PATH) return null
  if (url?.pathname !== LIVE_PATH) return { status: 404, body: { error: { message: 'Not found' } } }
  if (url.search === '') return null
  const message = 'Query parameters are not supported; send session.start.'
  return {
    status: 400,
    body: { error: { type: 'invalid_request_error', code: 'unknown_parameter', message } },
  }
}

function pageOf(path: string): FaultyAnswer {
  const models = MODELS.map((id) => ({ id, object: 'model', created: 1_790_000_000, owned_by: 'system' }))
  if (path === MODELS_PATH) return { status: 200, body: { object: 'list', data: models } }
  const id = path.startsWith(`${MODELS_PATH}/`)
    ? decodeURIComponent(path.slice(MODELS_PATH.length + 1))
    : null
  const model = models.find((each) => each.id === id)
  if (model) return { status: 200, body: model }
  const error = {
    type: 'invalid_request_error',
    code: id === null ? null : 'model_not_found',
    param: 'model',
    message: id === null ? `Invalid URL (GET ${path})` : noModel(id),
  }
  return { status: 404, body: { error } }
}

const noModel = (model: string): string =>
  `The model \`${model}\` does not exist or you do not have access to it.`

function refuseUpgrade(socket: Duplex, { status, body, headers = {} }: FaultyAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = typeof body === 'string' ? 'text/html' : 'application/json'
  const all = {
    connection: 'close',
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${text}`)
}
