import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { type Carrier, startCarrier } from '../../src/simulator/carrier/carrier.ts'
import {
  type ElevenLabsOptions,
  type SimulatedElevenLabs,
  startElevenLabs,
} from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { ServiceProcess } from './service-process.ts'

export const ALICE = '+15550100001'
export const STRANGER = '+15550100002'
export const SERVICE_NUMBER = '+15550199999'
const SAMPLE = new URL('../../src/simulator/assets/caller-sample.wav', import.meta.url)

export type WorldOptions = {
  /** How many processes serve on the one database; the first one takes the carrier's webhooks. */
  nodes?: number
  settings?: Record<string, string>
  vendor?: Partial<ElevenLabsOptions>
  /** How fast the simulated carrier and vendor live; 1 is real time. */
  timeScale?: number
  /** A PostgreSQL to make the database on; the test run's by default. */
  postgresUrl?: string
}

/**
 * A carrier, a voice vendor, a database and the service as processes of its own: everything that a story needs, over
 * real sockets. `end` fails when something is left behind.
 */
export class World {
  readonly db: TestDatabase
  readonly vendor: SimulatedElevenLabs
  readonly carrier: Carrier
  readonly nodes: ServiceProcess[]
  readonly adminKey: string
  readonly authToken: string
  readonly #folder: string

  private constructor(parts: {
    db: TestDatabase
    vendor: SimulatedElevenLabs
    carrier: Carrier
    nodes: ServiceProcess[]
    adminKey: string
    authToken: string
    folder: string
  }) {
    this.db = parts.db
    this.vendor = parts.vendor
    this.carrier = parts.carrier
    this.nodes = parts.nodes
    this.adminKey = parts.adminKey
    this.authToken = parts.authToken
    this.#folder = parts.folder
  }

  static async begin({
    postgresUrl,
    nodes = 1,
    settings = {},
    vendor = {},
    timeScale = 0.05,
  }: WorldOptions = {}): Promise<World> {
    const log = pino({ level: 'silent' })
    const [accountSid, authToken, apiKey, adminKey] = [`AC${secret()}`, secret(), secret(), secret()]
    const folder = await mkdtemp(join(tmpdir(), 'precall-story-'))
    const [db, elevenLabs, carrier] = await Promise.all([
      createTestDatabase(postgresUrl),
      startElevenLabs({ apiKey, agentId: 'agent_story', log, timeScale, ...vendor }),
      startCarrier({ accountSid, authToken, phoneNumber: SERVICE_NUMBER, log, timeScale }),
    ])
    const env = {
      DATABASE_URL: db.url,
      DATA_DIR: folder,
      ADMIN_API_KEY: adminKey,
      LOG_LEVEL: 'info',
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_PHONE_NUMBER: SERVICE_NUMBER,
      TWILIO_API_BASE_URL: carrier.apiBaseUrl,
      ELEVENLABS_API_KEY: apiKey,
      ELEVENLABS_AGENT_ID: 'agent_story',
      ELEVENLABS_BASE_URL: elevenLabs.url,
      ...settings,
    }
    const processes = await Promise.all(Array.from({ length: nodes }, () => ServiceProcess.start(env)))
    const world = new World({
      ...{ db, vendor: elevenLabs, carrier, nodes: processes, adminKey, authToken, folder },
    })
    world.sendCallsTo(world.node.origin)
    return world
  }

  get node(): ServiceProcess {
    const [first] = this.nodes
    if (!first) throw new Error('This world has no node.')
    return first
  }

  /** The carrier calls this origin from now on. */
  sendCallsTo(origin: string): void {
    this.carrier.number.voiceUrl = `${origin}/webhooks/inbound`
    this.carrier.number.statusCallback = `${origin}/webhooks/call-status`
  }

  /** An admin request to the first node. */
  admin(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.adminKey}`, ...init.headers }
    return fetch(`${this.node.origin}/api/v1${path}`, { ...init, headers })
  }

  /** Puts a sample of speech, with consent, on file for this caller. */
  async giveVoice(callerId = ALICE, sample?: Buffer): Promise<void> {
    const form = new FormData()
    form.set('name', 'Alice')
    form.set('consent', 'Alice, 2026-01-05')
    form.append(
      'sample',
      new File([new Uint8Array(sample ?? (await readFile(SAMPLE)))], 'alice.wav', { type: 'audio/wav' }),
    )
    const response = await this.admin(`/voices/${encodeURIComponent(callerId)}`, {
      method: 'PUT',
      body: form,
    })
    if (!response.ok) throw new Error(`The voice was refused: ${response.status} ${await response.text()}`)
  }

  /** Ends everybody; fails when a node does not stop in good order or leaves a connection behind. */
  async end(): Promise<void> {
    await this.carrier.stop()
    for (const node of this.nodes) node.signal('SIGTERM')
    await Promise.all(this.nodes.map((node) => node.exit()))
    await this.vendor.stop()
    await this.db.drop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

const secret = () => randomBytes(16).toString('hex')
