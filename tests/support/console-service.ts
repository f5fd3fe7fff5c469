import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pino } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { callSystem } from '../../machines/call/call-system.ts'
import type { CallEvent } from '../../machines/call-events.ts'
import { systemDefinition } from '../../src/actors/chart-definition.ts'
import { rms } from '../../src/audio/energy.ts'
import { decodeMuLaw, MU_LAW_RATE } from '../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { settingsInUse } from '../../src/config/effective-settings.ts'
import { agentsRoutes } from '../../src/http/agents/agents-routes.ts'
import { recordWrites } from '../../src/http/audit/audit.ts'
import { auditRoutes } from '../../src/http/audit/audit-routes.ts'
import { callEventsRoutes } from '../../src/http/calls/call-events-routes.ts'
import { callsRoutes } from '../../src/http/calls/calls-routes.ts'
import { feedRoutes } from '../../src/http/calls/feed-routes.ts'
import { replayRoutes } from '../../src/http/calls/replay-routes.ts'
import { type ConsoleConfig, consoleRoutes } from '../../src/http/console/console-routes.ts'
import { settingsRoutes } from '../../src/http/console/settings-routes.ts'
import { machinesRoutes } from '../../src/http/machines/machines-routes.ts'
import { phoneLinksRoutes } from '../../src/http/phone/phone-links-routes.ts'
import { wrongKeyLimit } from '../../src/http/rate-limits.ts'
import { route } from '../../src/http/route.ts'
import { createAuth } from '../../src/http/sessions/auth.ts'
import { statisticsRoutes } from '../../src/http/statistics/statistics-routes.ts'
import { trunksRoutes } from '../../src/http/trunks/trunks-routes.ts'
import { voiceListRoutes } from '../../src/http/voices/voice-list-routes.ts'
import { PhoneNumbers } from '../../src/numbers/phone-numbers.ts'
import type { Statistics } from '../../src/persistence/call-queries.ts'
import type { TrunkDraft } from '../../src/persistence/trunk-store.ts'
import type { ListedVoice } from '../../src/persistence/voice-queries.ts'
import { ADMIN_KEY, testApp } from '../http/serve.ts'
import { agentsInMemory, auditInMemory, PhoneLinksInMemory, TrunksInMemory } from './console-stores.ts'
import { endedSessions } from './ended-sessions.ts'
import { closeHard, listenHere } from './loopback.ts'
import { ScriptedCalls } from './scripted-calls.ts'

const FRAME_MS = 20
const FRAME = (MU_LAW_RATE * FRAME_MS) / 1000
const CALLER_SAMPLE = join(import.meta.dirname, '../../src/simulator/assets/caller-sample.wav')

/** One frame of 400 Hz, which joins itself without a seam. */
export const TONE = encodeMuLaw(
  Int16Array.from({ length: FRAME }, (_, i) => 12_000 * Math.sin((2 * Math.PI * 400 * i) / MU_LAW_RATE)),
)
export const SILENCE = encodeMuLaw(new Int16Array(FRAME))

const STATISTICS: Statistics = {
  cache: { hits: 30, misses: 10 },
  clone: { count: 9, failed: 1, meanSeconds: 11.4, p95Seconds: 18.2 },
  calls: { active: 2, byOutcome: { caller_hung_up: 40, agent_lost: 3 } },
}

const RESPONSE_TIMES = ['inbound', 'status-callback', 'stream-ended', 'fallback', 'elevenlabs'].map(
  (name) => ({
    route: `/webhooks/${name}`,
    count: 12_345,
    meanSeconds: 0.0123,
    p95Seconds: 0.1234,
  }),
)

const TRUNK: TrunkDraft = {
  name: 'Provider',
  enabled: true,
  server: 'sip.provider.example',
  transport: 'tls',
  srtp: 'optional',
  addresses: ['203.0.113.0/24', '2001:db8:1234:5678::/64'],
  country: 'DE',
  didFrom: 'to',
  codecs: [],
  numbers: ['+492214710', '+15551234567'],
  maxCalls: 10,
  maxCallsPerSecond: null,
  optionsSeconds: 30,
  registration: { username: 'acct-7', authUsername: null, password: 'x', expiresSeconds: 3_600 },
}

/**
 * The service as the console sees it, with its real pages, sessions, calls API and statechart. Only the carrier is
 * missing: the test says what happens to the call and what the caller hears.
 */
export class ConsoleService {
  readonly key = ADMIN_KEY
  readonly calls = new ScriptedCalls()
  readonly agents = agentsInMemory()
  readonly audit = auditInMemory()
  readonly phoneLinks = new PhoneLinksInMemory()
  readonly trunks = new TrunksInMemory()
  /** Null for what the calls know of voices. */
  voices: ListedVoice[] | null = null
  url = ''
  /** Of the call's last frames from the browser, how loud the loudest was. */
  loudestReceived = 0
  receivedFrames = 0
  /** What the caller hears, over and over; whole frames of mu-law. */
  sound = TONE
  readonly #config: ConsoleConfig
  readonly #server
  readonly #phones = new WebSocketServer({ noServer: true })
  readonly #auth = createAuth({
    adminKey: ADMIN_KEY,
    wrongKeys: wrongKeyLimit(),
    endedSessions: endedSessions(),
  })
  #phone: WebSocket | null = null

  constructor(assetsDir: string, config: Partial<ConsoleConfig> = {}) {
    this.#config = { carrier: 'simulated', agentVendor: 'simulated', phoneNumber: '+15550109999', ...config }
    this.#server = createServer(this.#app(assetsDir))
    this.#server.on('upgrade', async (request, socket, head) => {
      if (!(await this.#isPhone(request))) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      this.#phones.handleUpgrade(request, socket, head, (phone) => this.#serve(phone))
    })
  }

  async start(): Promise<this> {
    this.url = await listenHere(this.#server)
    return this
  }

  async stop(): Promise<void> {
    for (const phone of this.#phones.clients) phone.terminate()
    await closeHard(this.#server)
  }

  /** A trunk with all that can be said of one, most of it bad. */
  async troubledTrunk(): Promise<void> {
    const { id } = await this.trunks.create(TRUNK)
    const at = new Date()
    const error = 'the registrar refuses user or password (403 Forbidden)'
    this.trunks.stand(id, {
      registration: { until: null, error, at },
      server: {
        status: 408,
        error: 'it does not answer (408)',
        failures: 3,
        failingSince: at,
        at,
        roundTripMs: null,
      },
      names: [{ name: 'sip.provider.example', addresses: ['203.0.113.7'], fault: 'ETIMEOUT' }],
      liveCalls: 3,
    })
  }

  /** The service or the carrier ends the call. */
  async end(event: CallEvent, reason: string): Promise<void> {
    await this.calls.say(event)
    this.#tell({ type: 'ended', reason })
  }

  /** Everything that is connected is cut off, as when the process dies; new connections are taken. */
  dropConnections(): void {
    this.#server.closeAllConnections()
  }

  /** The connection to the phone breaks. */
  dropPhone(): void {
    this.#phone?.terminate()
  }

  #app(assetsDir: string) {
    const { calls } = this
    const forgetVoice = route({
      method: 'delete',
      path: '/cache/{callerId}',
      summary: 'Forgets a voice',
      answer: { status: 204, description: 'It is gone.' },
      handler: async () => {
        calls.voiceOnFile = 'clone'
      },
    })
    return testApp({
      auth: this.#auth,
      adminRoutes: [
        ...callsRoutes(calls),
        ...callEventsRoutes(calls),
        forgetVoice,
        ...feedRoutes({ queries: calls.live, follow: calls.follow }),
        ...replayRoutes({ recorded: calls.recorded }),
        ...machinesRoutes({ call: systemDefinition(callSystem) }),
        ...agentsRoutes({ agents: this.agents }),
        ...auditRoutes(this.audit),
        ...trunksRoutes({
          trunks: this.trunks,
          numbers: new PhoneNumbers(null),
          settingsTrunk: { addresses: ['192.0.2.0/24'], numbers: null },
        }),
        ...phoneLinksRoutes({
          phoneLinks: this.phoneLinks,
          agents: this.agents,
          numbers: new PhoneNumbers(null),
          canCallFromBrowser: true,
          publicUrl: null,
        }),
        ...voiceListRoutes({ list: async () => this.voices ?? calls.keptVoices() }),
        ...statisticsRoutes({ statistics: async () => STATISTICS }, async () => RESPONSE_TIMES),
        ...settingsRoutes(() => settingsInUse({ PORT: '3006', ADMIN_API_KEY: 'hidden' })),
      ],
      recordWrite: recordWrites({
        audit: this.audit,
        adminOf: (req) => this.#auth.adminOf(req),
        log: pino({ level: 'silent' }),
      }),
      console: consoleRoutes({
        auth: this.#auth,
        assetsDir,
        callerSample: CALLER_SAMPLE,
        config: this.#config,
      }),
    })
  }

  async #isPhone(request: IncomingMessage): Promise<boolean> {
    return request.url === '/simulator/phone' && (await this.#auth.isAdmin(request))
  }

  #serve(phone: WebSocket): void {
    this.#phone = phone
    let at = 0
    const playing = setInterval(() => {
      at = (at + FRAME) % this.sound.length
      phone.send(this.sound.subarray(at, at + FRAME))
    }, FRAME_MS)
    phone.on('close', () => clearInterval(playing))
    phone.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.#hear(data)
      else void this.#obey(JSON.parse(data.toString()))
    })
  }

  #hear(frame: Buffer): void {
    if (frame.length !== FRAME) throw new Error(`A frame of ${frame.length} bytes came from the browser.`)
    this.receivedFrames++
    this.loudestReceived = Math.max(this.loudestReceived, rms(decodeMuLaw(frame)))
  }

  async #obey(message: { type: string; from?: string }): Promise<void> {
    if (message.type === 'dial' && message.from) {
      this.#tell({ type: 'ringing', callSid: this.calls.begin(message.from) })
    }
    if (message.type === 'hangup') await this.end({ type: 'leg.ended', status: 'completed' }, 'completed')
  }

  #tell(message: object): void {
    this.#phone?.send(JSON.stringify(message))
  }
}
