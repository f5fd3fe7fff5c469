import type { Logger } from 'pino'
import type { VoiceEvent } from '../../machines/call-events.ts'
import type { AnnounceVoice, Clone, VoiceSample, VoiceStore, VoiceVendor } from './ports.ts'
import { VendorError, type VendorFailure, vendorWords } from './ports.ts'
import type { VendorPolicy } from './vendor-policy.ts'
import { cloneName } from './voice-name.ts'
import type { VoiceRemoval } from './voice-removal.ts'

/** Others may take a slot as soon as it is free; one who loses it that often leaves the caller the default voice. */
const MAX_EVICTIONS = 3

export type CloningOptions = {
  store: VoiceStore
  vendor: VoiceVendor
  policy: VendorPolicy
  removal: VoiceRemoval
  announce: AnnounceVoice
  /** How long a clone is kept. */
  ttlMs: number
  onClone: (clone: { result: Outcome['result']; seconds: number }) => void
  log: Logger
}

type KnownClone = NonNullable<Awaited<ReturnType<VoiceStore['clone']>>>
type Outcome = { result: 'cloned' | 'adopted'; voiceId: string } | { result: 'failed'; failure: VendorError }

/**
 * Makes voices of samples, once for all who wait for the same ones. The job queue runs `clone` and the expiry of the same
 * samples one after the other, in whatever process, and again after a crash.
 */
export class Cloning {
  readonly #options: CloningOptions

  constructor(options: CloningOptions) {
    this.#options = options
  }

  /**
   * Has a voice made of these samples, unless there is one, or that has failed since `askedAt`, or the vendor refuses them, and
   * tells everyone who waits how it went. Rejects when `stop` aborts, or the database fails: to be called again then, here or on another node.
   */
  async clone(sampleKey: string, stop?: AbortSignal, askedAt?: Date): Promise<void> {
    const { store, announce, onClone } = this.#options
    const known = await store.clone(sampleKey)
    const usable = known && (await this.#usableVoice(known))
    if (usable) return announce(sampleKey, { type: 'voice.ready', voiceId: usable })
    const failure = await store.failureOf(sampleKey, askedAt ?? null)
    if (failure) return announce(sampleKey, failedFor(failure.cause, failure.detail))

    // In this order: samples that are deleted from now on take the row with them, and `markReady` finds none.
    const clone = await store.beginClone(sampleKey)
    const samples = await store.samples(sampleKey)
    if (samples.length === 0) return this.#withdrawn(sampleKey)

    const startedAt = performance.now()
    const wasLeftBehind = known?.status === 'cloning'
    const outcome = await this.#make(clone, samples, wasLeftBehind, stop).catch(asFailure)
    const durationMs = performance.now() - startedAt
    onClone({ result: outcome.result, seconds: durationMs / 1000 })
    if (outcome.result === 'failed') await this.#failed(sampleKey, outcome.failure, durationMs)
    else await this.#made(sampleKey, outcome.voiceId, { result: outcome.result, durationMs })
  }

  /** A voice whose time is over, but with which a call still speaks, is as good for another. */
  async #usableVoice({ sampleKey, vendorVoiceId, isExpired }: KnownClone): Promise<string | null> {
    const { store, removal } = this.#options
    if (vendorVoiceId === null) return null
    if (!isExpired || (await store.isInUse(vendorVoiceId))) return vendorVoiceId
    await removal.forget(sampleKey, 'expired')
    return null
  }

  #make(clone: Clone, samples: VoiceSample[], wasLeftBehind: boolean, stop?: AbortSignal): Promise<Outcome> {
    const name = cloneName(clone)
    // The answer to an earlier request may have been lost after the vendor made the voice.
    let mayExist = wasLeftBehind
    return this.#options.policy.run(async (signal) => {
      const existing = mayExist ? await this.#find(name, signal) : null
      if (existing !== null) return { result: 'adopted', voiceId: existing }
      try {
        return { result: 'cloned', voiceId: await this.#cloneMakingRoom(name, samples, signal) }
      } catch (error) {
        mayExist ||= error instanceof VendorError && error.failure === 'unavailable'
        throw error
      }
    }, stop)
  }

  /** A vendor that cannot say whether the voice exists is asked to make it; a second one is found as a stray. */
  async #find(name: string, signal: AbortSignal): Promise<string | null> {
    try {
      const [first] = await this.#options.vendor.findByName(name, signal)
      return first ?? null
    } catch (error) {
      signal.throwIfAborted()
      this.#options.log.warn({ err: error }, 'an earlier voice could not be looked for')
      return null
    }
  }

  async #cloneMakingRoom(name: string, samples: VoiceSample[], signal: AbortSignal): Promise<string> {
    const { vendor, removal } = this.#options
    for (let evictions = 0; ; evictions++) {
      try {
        return (await vendor.clone({ name, samples, signal })).voiceId
      } catch (error) {
        const isFull = error instanceof VendorError && error.failure === 'slots_full'
        if (!isFull || evictions === MAX_EVICTIONS || !(await removal.evict())) throw error
      }
    }
  }

  async #made(
    sampleKey: string,
    voiceId: string,
    entry: { result: 'cloned' | 'adopted'; durationMs: number },
  ): Promise<void> {
    const { store, removal, announce, ttlMs } = this.#options
    const isKept = await store.markReady(sampleKey, voiceId, ttlMs)
    await store.log({ sampleKey, vendorVoiceId: voiceId, ...entry })
    if (isKept) return announce(sampleKey, { type: 'voice.ready', voiceId })
    await announce(sampleKey, { type: 'voice.failed', cause: 'deleted' })
    await removal.end({ sampleKey, vendorVoiceId: voiceId }, 'deleted')
  }

  async #failed(sampleKey: string, failure: VendorError, durationMs: number): Promise<void> {
    const { store, announce, log } = this.#options
    const cause = failure.failure
    log.warn({ err: failure, failure: cause, sampleKey }, 'a voice could not be cloned')
    await store.markFailed(sampleKey, failure.message)
    await store.log({ sampleKey, result: 'failed', durationMs, detail: `${cause}: ${failure.message}` })
    await announce(sampleKey, failedFor(cause, failure.message))
  }

  /** The samples were deleted before the clone began. */
  async #withdrawn(sampleKey: string): Promise<void> {
    const { store, announce } = this.#options
    await store.forgetClone(sampleKey)
    await announce(sampleKey, { type: 'voice.failed', cause: 'deleted' })
  }
}

function failedFor(cause: VendorFailure, said: string): VoiceEvent {
  const detail = vendorWords(said)
  return { type: 'voice.failed', cause, ...(detail && { detail }) }
}

/** What the vendor did wrong is an outcome; what we did wrong is for the job queue to try again. */
function asFailure(error: unknown): Outcome {
  if (error instanceof VendorError) return { result: 'failed', failure: error }
  throw error
}
