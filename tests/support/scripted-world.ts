import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MU_LAW_RATE } from '../../src/audio/mulaw.ts'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { ScriptedCarrier } from './scripted-carrier.ts'
import { ScriptedVendor } from './scripted-vendor.ts'
import { ServiceProcess } from './service-process.ts'

export const SERVICE_NUMBER = '+15550199999'

/** Waits are the test's to end: these only bound what a broken test would leave behind. Live calls keep no node. */
const PATIENT = { CLONE_MAX_WAIT_SECONDS: '600', SILENCE_TIMEOUT_SECONDS: '600', DRAIN_SECONDS: '0.1' }

/** At the vendor a clone is called by this much of its samples' key, whatever stands before it. */
const CLONE_NAME_LENGTH = 32

/**
 * The service as real processes on a real database, between a carrier and a voice vendor that are led by hand: nothing
 * happens but what a test makes happen, and what the service does about it.
 */
export class ScriptedWorld {
  readonly db: TestDatabase
  readonly carrier: ScriptedCarrier
  readonly vendor: ScriptedVendor
  readonly nodes: ServiceProcess[] = []
  readonly adminKey = randomBytes(16).toString('hex')
  readonly #folder: string
  readonly #settings: Record<string, string>

  private constructor(parts: {
    db: TestDatabase
    carrier: ScriptedCarrier
    vendor: ScriptedVendor
    folder: string
    settings: Record<string, string>
  }) {
    this.db = parts.db
    this.carrier = parts.carrier
    this.vendor = parts.vendor
    this.#folder = parts.folder
    this.#settings = parts.settings
  }

  /** Begins without a node; `settings` are those that all of them have. */
  static async begin(settings: Record<string, string> = {}, postgresUrl?: string): Promise<ScriptedWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'precall-scripted-'))
    const [db, carrier, vendor] = await Promise.all([
      createTestDatabase(postgresUrl),
      ScriptedCarrier.start(),
      ScriptedVendor.start(),
    ])
    return new ScriptedWorld({ db, carrier, vendor, folder, settings })
  }

  async startNode(settings: Record<string, string> = {}): Promise<ServiceProcess> {
    const node = await ServiceProcess.start({
      DATABASE_URL: this.db.url,
      DATA_DIR: this.#folder,
      ADMIN_API_KEY: this.adminKey,
      TWILIO_ACCOUNT_SID: this.carrier.accountSid,
      TWILIO_AUTH_TOKEN: this.carrier.authToken,
      TWILIO_API_BASE_URL: this.carrier.apiBaseUrl,
      ELEVENLABS_API_KEY: this.vendor.apiKey,
      ELEVENLABS_AGENT_ID: 'agent_hand',
      ELEVENLABS_BASE_URL: this.vendor.url,
      ...PATIENT,
      ...this.#settings,
      ...settings,
    })
    this.nodes.push(node)
    return node
  }

  get node(): ServiceProcess {
    const [first] = this.nodes
    if (!first) throw new Error('This world has no node yet.')
    return first
  }

  /** An admin request to the first node. */
  admin(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.adminKey}`, ...init.headers }
    return fetch(`${this.node.origin}/api/v1${path}`, { ...init, headers })
  }

  /** Puts a sample that no other caller has on file for this one; returns what its clone can be told by. */
  async giveVoice(callerId: string): Promise<{ sampleKey: string; cloneName: string }> {
    const form = new FormData()
    form.set('consent', 'The caller, 2026-01-05')
    const sample = new Uint8Array(writeMuLawWav(randomBytes(MU_LAW_RATE)))
    form.append('sample', new File([sample], 'sample.wav', { type: 'audio/wav' }))
    const response = await this.admin(`/voices/${encodeURIComponent(callerId)}`, {
      method: 'PUT',
      body: form,
    })
    if (!response.ok) throw new Error(`The voice was refused: ${response.status} ${await response.text()}`)
    const { sampleKey } = (await response.json()) as { sampleKey: string }
    return { sampleKey, cloneName: sampleKey.slice(0, CLONE_NAME_LENGTH) }
  }

  /** Ends everybody; fails when a node does not stop in good order or leaves a connection behind. */
  async end(): Promise<void> {
    for (const node of this.nodes) node.signal('SIGTERM')
    const codes = await Promise.all(this.nodes.map((node) => node.exit()))
    await Promise.all([this.carrier.stop(), this.vendor.stop()])
    await rm(this.#folder, { recursive: true, force: true })
    await this.db.drop()
    const failed = this.nodes.filter((_, index) => codes[index] !== 0)
    if (failed.length === 0) return
    const outputs = failed.map(({ output }) => output.slice(-2_000)).join('\n')
    throw new Error(`The nodes ended with ${codes.join(' and ')}, saying at last:\n${outputs}`)
  }
}
