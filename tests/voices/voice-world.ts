import { createHash, randomUUID } from 'node:crypto'
import pino from 'pino'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { VoiceEvent } from '../../machines/call-events.ts'
import { MU_LAW_RATE } from '../../src/audio/mulaw.ts'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { effectJob } from '../../src/calls/effect-jobs.ts'
import { type JobQueue, startJobQueue } from '../../src/persistence/job-queue.ts'
import { createVoiceStore } from '../../src/persistence/voice-store.ts'
import { contentOf } from '../../src/runtime/spool.ts'
import {
  type ElevenLabsOptions,
  type SimulatedElevenLabs,
  startElevenLabs,
} from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { ElevenLabsRest } from '../../src/voice-agents/elevenlabs/rest.ts'
import { CallerVoices } from '../../src/voices/caller-voices.ts'
import { Cloning, type CloningOptions } from '../../src/voices/cloning.ts'
import type { VoiceSample, VoiceStore, VoiceVendor } from '../../src/voices/ports.ts'
import { sampleKeyOf } from '../../src/voices/samples.ts'
import { VendorPolicy } from '../../src/voices/vendor-policy.ts'
import { voiceJobs } from '../../src/voices/voice-jobs.ts'
import { VoiceRemoval } from '../../src/voices/voice-removal.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

const API_KEY = 'sk_test'
const log = pino({ level: 'silent' })
export const TTL_MS = 3_600_000

/** Retries at once. */
const HASTY = { attemptTimeoutMs: 5_000, maxRetries: 2, firstDelayMs: 1, maxDelayMs: 10 }

export const wav = (content: string) => writeMuLawWav(Buffer.alloc(MU_LAW_RATE, content))

/** Samples with this content, as they come out of the check. */
export function samplesOf(...contents: string[]): { samples: VoiceSample[]; sampleKey: string } {
  const samples = contents.map((content) => {
    const bytes = wav(content)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const { size, pieces } = contentOf(bytes)
    return { fileName: `${content}.wav`, mimeType: 'audio/wav', size, pieces, sha256 }
  })
  return { samples, sampleKey: sampleKeyOf(samples) }
}

/** One process of the service, as far as voices go. */
export type VoiceNode = {
  cloning: Cloning
  removal: VoiceRemoval
  callerVoices: CallerVoices
  policy: VendorPolicy
  jobs: ReturnType<typeof voiceJobs>
}

/** Has each test of a file begin worlds of its own, on one database that is empty before it. */
export function voiceWorlds(): (options?: Partial<ElevenLabsOptions>) => Promise<VoiceWorld> {
  let db: OpenTestDatabase
  const worlds: VoiceWorld[] = []
  beforeAll(async () => {
    db = await openTestDatabase()
  })
  afterEach(async () => {
    await Promise.all(worlds.splice(0).map((world) => world.end()))
    await db.query(
      'truncate caller_voice_mapping, voice_sample, voice_clone_cache, voice_clone_log, voice_job, call_log cascade',
    )
    await db.query('delete from graphile_worker._private_jobs')
  })
  afterAll(() => db.drop())
  return async (options) => {
    const vendor = await startElevenLabs({
      apiKey: API_KEY,
      agentId: 'agent',
      log,
      cloneDelayMs: 0,
      timeScale: 0.001,
      ...options,
    })
    const world = new VoiceWorld(db, vendor)
    worlds.push(world)
    return world
  }
}

/** Voices on a real database and the simulated vendor, on as many nodes as a test likes. */
export class VoiceWorld {
  readonly db: OpenTestDatabase
  readonly store: VoiceStore
  readonly vendor: SimulatedElevenLabs
  readonly rest: ElevenLabsRest
  /** What calls were told, in order. */
  readonly announced: { sampleKey: string; event: VoiceEvent }[] = []
  readonly #queues = new Set<JobQueue>()

  constructor(db: OpenTestDatabase, vendor: SimulatedElevenLabs) {
    this.db = db
    this.store = createVoiceStore(db.database)
    this.vendor = vendor
    this.rest = new ElevenLabsRest({ apiKey: API_KEY, baseUrl: vendor.url })
  }

  async end(): Promise<void> {
    await Promise.all([...this.#queues].map((queue) => queue.stop()))
    await this.vendor.stop()
  }

  node(options: Partial<CloningOptions> & { vendor?: VoiceVendor } = {}): VoiceNode {
    const { store } = this
    const { vendor = this.rest, policy = new VendorPolicy(HASTY) } = options
    const removal = new VoiceRemoval({ store, vendor, log })
    const cloning = new Cloning({
      store,
      vendor,
      policy,
      removal,
      log,
      ttlMs: TTL_MS,
      onClone: () => {},
      announce: async (sampleKey, event) => void this.announced.push({ sampleKey, event }),
      ...options,
    })
    const callerVoices = new CallerVoices(store, removal, (callerId) => callerId)
    return { cloning, removal, callerVoices, policy, jobs: voiceJobs({ cloning, removal, vendor }) }
  }

  /** Has the node take jobs until it is stopped, or the test ends. */
  async work(node: VoiceNode): Promise<JobQueue> {
    const queue = await startJobQueue(this.db.url, [node.jobs], log, { graceMs: 0 })
    this.#queues.add(queue)
    const stop = () => {
      this.#queues.delete(queue)
      return queue.stop()
    }
    return { ...queue, stop }
  }

  /** Asks for a clone as a call does. */
  async requestClone(sampleKey: string): Promise<void> {
    const asked = { callId: randomUUID(), state: 'greeting', step: '1.0' } as const
    const effect = { type: 'requestClone', params: { sampleKey } } as const
    const { payload, key, queue, attempts } = effectJob(effect, asked)
    await this.db.query(
      `select graphile_worker.add_job('clone-voice', $1, job_key => $2, queue_name => $3, max_attempts => $4)`,
      [JSON.stringify(payload), key, queue, attempts],
    )
  }

  /** A caller with a voice of these contents. */
  async giveVoice(callerId: string, ...contents: string[]): Promise<string> {
    const { samples, sampleKey } = samplesOf(...contents)
    const consent = { by: callerId, at: new Date() }
    await this.store.save({ callerId, name: callerId, consent, samples, sampleKey })
    return sampleKey
  }

  /** The ids of the cloned voices that the vendor has. */
  get clonedVoices(): string[] {
    return [...this.vendor.voices.values()]
      .filter(({ category }) => category === 'cloned')
      .map(({ voiceId }) => voiceId)
  }

  /** A call that lives and, with `voiceId`, speaks. Returns what ends it. */
  async liveCall(sampleKey: string, voiceId: string | null = null): Promise<() => Promise<void>> {
    const id = randomUUID()
    await this.db.query(
      `insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, public_origin, media_secret,
         state, voice_state, snapshot, chart_version, last_seq, sample_key, voice_id)
       values ($1::uuid, 'twilio', $1::uuid::text, 'inbound', '+1', '+2', 'https://x', 's', 'bridged', 'cached', '{}', '1', 1, $2, $3)`,
      [id, sampleKey, voiceId],
    )
    return async () => {
      await this.db.query('update call_log set ended_at = now() where id = $1', [id])
    }
  }

  /** The jobs that wait, without those that look for strays a while after every clone. */
  async jobs(): Promise<{ task: string; key: string; dueInMs: number }[]> {
    const rows = await this.db.query<{ task: string; key: string; dueInMs: string }>(
      `select task_identifier as task, key, extract(epoch from run_at - now()) * 1000 as "dueInMs"
       from graphile_worker.jobs where task_identifier <> 'remove-stray-voices' order by id`,
    )
    return rows.map((row) => ({ ...row, dueInMs: Number(row.dueInMs) }))
  }

  /** The time of every voice is over. */
  async expireVoices(): Promise<void> {
    await this.db.query(`update voice_clone_cache set expires_at = now() - interval '1 second'`)
  }

  /** Lets every waiting job be due now, or those of one task. */
  async hurry(task = ''): Promise<void> {
    await this.db.query(
      `update graphile_worker._private_jobs set run_at = now() where $1 = '' or task_id = (
         select id from graphile_worker._private_tasks where identifier = $1)`,
      [task],
    )
  }

  /** What the log says of these samples, oldest first. */
  async log(sampleKey: string): Promise<string[]> {
    const rows = await this.db.query<{ result: string }>(
      'select result from voice_clone_log where sample_key = $1 order by id',
      [sampleKey],
    )
    return rows.map(({ result }) => result)
  }
}
