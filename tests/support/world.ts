import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { MU_LAW_RATE } from '../../src/audio/mulaw.ts'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { type Carrier, startCarrier } from '../../src/simulator/carrier/carrier.ts'
import { type AgentConfig, patchAgent } from '../../src/simulator/elevenlabs/agent-config.ts'
import {
  type ElevenLabsOptions,
  type SimulatedElevenLabs,
  startElevenLabs,
} from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import type { CallRecord } from './call-record.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './database.ts'
import { DatabaseGate } from './database-gate.ts'
import { leftInProcesses, leftOfCalls } from './leftovers.ts'
import { LoadBalancer } from './load-balancer.ts'
import { ServiceProcess } from './service-process.ts'
import { StoryCall } from './story-call.ts'
import { until } from './until.ts'

export const ALICE = '+15550100001'
export const SERVICE_NUMBER = '+15550199999'
/** The vendor's id of the agent who answers. */
export const AGENT = 'agent_story'
/** As long as the service tries to have an agent back. */
const AGENT_RECOVERY_MS = 10_000
const LOST = ['bridged.backingOff', 'bridged.reconnecting']
const SAMPLE = new URL('../../src/simulator/assets/caller-sample.wav', import.meta.url)

export type WorldOptions = {
  /** How many processes serve on the one database; the first one takes the carrier's webhooks. */
  nodes?: number
  /** Puts a load balancer before the nodes, which takes the webhooks then and is their PUBLIC_URL. */
  loadBalancer?: boolean
  /** Puts a gate of its own between each node and PostgreSQL; see `gateOf`. */
  databaseGates?: boolean
  settings?: Record<string, string>
  vendor?: Partial<ElevenLabsOptions>
  /** How fast the simulated carrier and vendor live; 1 is real time. */
  timeScale?: number
  /** A PostgreSQL to make the database on; the test run's by default. */
  postgresUrl?: string
  /** A server on which an empty database is made, which the first node migrates. */
  emptyDatabaseOn?: string
  /** Where on the other the database's files are. */
  tablespace?: string
}

type Parts = {
  db: TestDatabase
  vendor: SimulatedElevenLabs
  carrier: Carrier
  door: LoadBalancer | null
  /** By the node that each stands before; null where nodes have none. */
  gates: Map<ServiceProcess, DatabaseGate> | null
  env: Record<string, string>
  folder: string
}

/**
 * A carrier, a voice vendor, a database and the service as processes of its own: everything that a story needs, over
 * real sockets. `end` fails when something is left behind.
 */
export class World {
  readonly db: TestDatabase
  readonly vendor: SimulatedElevenLabs
  readonly carrier: Carrier
  readonly nodes: ServiceProcess[] = []
  readonly #parts: Parts
  #callers = 100

  private constructor(parts: Parts) {
    this.#parts = parts
    this.db = parts.db
    this.vendor = parts.vendor
    this.carrier = parts.carrier
  }

  static async begin(options: WorldOptions = {}): Promise<World> {
    const { postgresUrl, nodes = 1, settings = {}, vendor = {}, timeScale = 0.05 } = options
    const log = pino({ level: 'silent' })
    const [accountSid, authToken, apiKey] = [`AC${secret()}`, secret(), secret()]
    const folder = await mkdtemp(join(tmpdir(), 'precall-story-'))
    const [db, elevenLabs, carrier, door] = await Promise.all([
      options.emptyDatabaseOn
        ? createEmptyDatabase(options.emptyDatabaseOn)
        : createTestDatabase(postgresUrl, options.tablespace),
      startElevenLabs({ apiKey, agentId: AGENT, log, timeScale, ...vendor }),
      startCarrier({ accountSid, authToken, phoneNumber: SERVICE_NUMBER, log, timeScale }),
      options.loadBalancer ? LoadBalancer.open() : null,
    ])
    const env = {
      DATABASE_URL: db.url,
      DATA_DIR: folder,
      ADMIN_API_KEY: secret(),
      LOG_LEVEL: 'info',
      // Every story hears it to its end.
      GREETING_MESSAGE: 'Hello.',
      // A story that fails leaves calls behind, for which nobody should wait long.
      DRAIN_SECONDS: '1',
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_PHONE_NUMBER: SERVICE_NUMBER,
      TWILIO_API_BASE_URL: carrier.apiBaseUrl,
      ELEVENLABS_API_KEY: apiKey,
      ELEVENLABS_AGENT_ID: AGENT,
      ELEVENLABS_BASE_URL: elevenLabs.url,
      ...(door && { PUBLIC_URL: door.origin }),
      ...settings,
    }
    const gates = options.databaseGates ? new Map() : null
    elevenLabs.agents.set(AGENT, patientAgent(elevenLabs.agents.get(AGENT)))
    const world = new World({ db, vendor: elevenLabs, carrier, door, gates, env, folder })
    await Promise.all(Array.from({ length: nodes }, () => world.startNode()))
    if (nodes > 0) world.sendCallsTo(door?.origin ?? world.node.origin)
    return world
  }

  get node(): ServiceProcess {
    const [first] = this.nodes
    if (!first) throw new Error('This world has no node.')
    return first
  }

  /** What stands before the nodes. */
  get door(): LoadBalancer {
    const { door } = this.#parts
    if (!door) throw new Error('This world has no front door; begin it with one.')
    return door
  }

  /** What stands between this node and PostgreSQL. */
  gateOf(node: ServiceProcess): DatabaseGate {
    const gate = this.#parts.gates?.get(node)
    if (!gate) throw new Error('This world has no database gates; begin it with them.')
    return gate
  }

  get adminKey(): string {
    return this.#parts.env.ADMIN_API_KEY ?? ''
  }

  /** Those of every node. */
  get settings(): Record<string, string> {
    return this.#parts.env
  }

  get authToken(): string {
    return this.#parts.env.TWILIO_AUTH_TOKEN ?? ''
  }

  /** Starts one more node and resolves when it takes calls; `settings` are its own, over those of all, and so is its `main`. */
  async startNode(settings: Record<string, string> = {}, main?: string): Promise<ServiceProcess> {
    const gate = this.#parts.gates && (await DatabaseGate.open(this.db.url))
    const env = { ...this.#parts.env, ...(gate && { DATABASE_URL: gate.url }), ...settings }
    const node = await ServiceProcess.start(env, main)
    this.nodes.push(node)
    if (gate) this.#parts.gates?.set(node, gate)
    this.#parts.door?.nodes.push(node.origin)
    return node
  }

  /** The carrier calls this origin from now on. */
  sendCallsTo(origin: string): void {
    this.carrier.number.voiceUrl = `${origin}/webhooks/inbound`
    this.carrier.number.statusCallback = `${origin}/webhooks/call-status`
  }

  /** Somebody dials the number, or another one; `stirVerstat` is what the carrier says of theirs. */
  call(from = ALICE, stirVerstat?: string | null, to = SERVICE_NUMBER): StoryCall {
    return new StoryCall(this, { from, to, stirVerstat })
  }

  /** An admin request, to the first node unless another is named. */
  admin(path: string, init: RequestInit = {}, node = this.node): Promise<Response> {
    const headers = { authorization: `Bearer ${this.adminKey}`, ...init.headers }
    return fetch(`${node.origin}/api/v1${path}`, { ...init, headers })
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

  /** The number of somebody who has not called before, without a voice on file. */
  newCaller(): string {
    return `+15550${(this.#callers++).toString().padStart(6, '0')}`
  }

  /** The same, with a voice on file that nobody shares. */
  async newCallerWithVoice(): Promise<string> {
    const caller = this.newCaller()
    await this.giveVoice(caller, writeMuLawWav(randomBytes(MU_LAW_RATE)))
    return caller
  }

  /** So much time passes for everything that is due later: calls' timers, jobs, and voices that are kept. */
  async passTime(ms: number): Promise<void> {
    const by = `${ms} milliseconds`
    await this.db.query(`update call_timer set due_at = due_at - $1::interval`, [by])
    await this.db.query(`update voice_job set run_at = run_at - $1::interval`, [by])
    await this.db.query(`update graphile_worker._private_jobs set run_at = run_at - $1::interval`, [by])
    await this.db.query(`update voice_clone_cache set expires_at = expires_at - $1::interval`, [by])
  }

  /** The agent of this call is lost, and stays away for as long as it may be tried again. */
  async agentStaysAway(call: CallRecord): Promise<void> {
    await until('the agent is lost', async () => LOST.includes(await call.state()))
    await this.passTime(AGENT_RECOVERY_MS)
  }

  /** Ends what a story made go wrong, and its calls, so that the next one begins in peace. */
  mend(): void {
    const { vendor, carrier } = this
    Object.assign(vendor, { hangClone: false, hangSignedUrl: false, withholdClones: false })
    Object.assign(vendor, { answerHtml: null, refuseAgentSockets: false, stopPinging: false })
    vendor.refuseNextAgentSockets = 0
    Object.assign(carrier.faults, {
      loseNextResponse: false,
      noStatusCallbacks: false,
      repeatWebhooks: false,
    })
    Object.assign(carrier.faults, { refuseRest: null, hangRest: false })
    Object.assign(carrier.faults, { withholdPolls: false, muteStreams: false })
    for (const gate of this.#parts.gates?.values() ?? []) gate.restore()
    for (const call of carrier.calls.values()) call.hangUp()
  }

  /** Ends everybody; fails when something is left behind that should not be. */
  async end(): Promise<void> {
    const left = await this.close()
    if (left.length > 0) throw new Error(`The story leaves behind:\n${left.join('\n')}`)
  }

  /** Ends everybody and tells what is left behind that should not be. */
  async close(): Promise<string[]> {
    const { db, vendor, carrier, door, gates, folder, env } = this.#parts
    const left = await leftOfCalls({ db, vendor, carrier, nodes: this.nodes })
    await carrier.stop()
    for (const node of this.nodes) node.signal('SIGTERM')
    await Promise.all(this.nodes.map((node) => node.exit()))
    left.push(...(await leftInProcesses({ db, nodes: this.nodes, env, callers: carrier.calls.values() })))
    const closing = [...(gates?.values() ?? [])].map((gate) => gate.close())
    await Promise.all([vendor.stop(), door?.close(), ...closing])
    await rm(folder, { recursive: true, force: true })
    await db.drop()
    return left
  }
}

/** An agent that waits for ever for a caller who says nothing: at twenty times their speed, a test is such a caller. */
function patientAgent(agent?: AgentConfig): AgentConfig {
  if (!agent) throw new Error('The simulated vendor has no agent.')
  return patchAgent(agent, { conversation_config: { turn: { turn_timeout: -1 } } })
}

const secret = () => randomBytes(16).toString('hex')
