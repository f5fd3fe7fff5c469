import type { Logger } from 'pino'
import type { AnnounceVoice, CloneLogEntry, VoiceSample, VoiceStore, VoiceVendor } from './ports.ts'
import { VendorError } from './ports.ts'
import type { VendorPolicy } from './vendor-policy.ts'

/** A voice that a live call speaks with outlives its time by such steps. */
const POSTPONE_MS = 60_000
/** How long an operator, or a clone that needs the slot, waits for a deletion before it is left to the job queue. */
const REMOVAL_PATIENCE_MS = 5_000

export type CloningOptions = {
  store: VoiceStore
  vendor: VoiceVendor
  policy: VendorPolicy
  announce: AnnounceVoice
  now: () => Date
  /** How long a clone is kept. */
  ttlMs: number
  onClone: (clone: { result: 'cloned' | 'adopted' | 'failed'; seconds: number }) => void
  log: Logger
}

/**
 * Makes voices of samples, once for all who wait for the same ones, and ends them. The job queue runs `clone` and `expire`
 * of the same samples one after the other, in whatever process, and again after a crash.
 */
export class Cloning {
  readonly #options: CloningOptions

  constructor(options: CloningOptions) {
    this.#options = options
  }

  /** Has a voice made of these samples, unless there is one, and tells everyone who waits how it went. */
  async clone(sampleKey: string): Promise<void> {
    const { store, announce, now, onClone } = this.#options
    const known = await store.clone(sampleKey)
    if (known?.status === 'ready' && known.vendorVoiceId && !isOver(known.expiresAt, now())) {
      return announce(sampleKey, { type: 'voice.ready', voiceId: known.vendorVoiceId })
    }
    const startedAt = now().getTime()
    await store.markCloning(sampleKey)
    const wasLeftBehind = known?.status === 'cloning'
    const made = await this.#make(sampleKey, wasLeftBehind).catch((error: unknown) => this.#asFailure(error))
    const durationMs = now().getTime() - startedAt
    onClone({ result: made.result, seconds: durationMs / 1000 })
    if (made.result === 'failed') return this.#failed(sampleKey, made.failure, durationMs)
    await this.#ready(sampleKey, made.voiceId, { result: made.result, durationMs })
  }

  /** Ends a voice whose time is over, here and at the vendor; one that a call speaks with is looked at again later. */
  async expire(sampleKey: string, vendorVoiceId: string): Promise<void> {
    const { store, now } = this.#options
    const clone = await store.clone(sampleKey)
    if (clone?.vendorVoiceId !== vendorVoiceId) return
    if (await store.isInUse(sampleKey)) {
      const later = new Date(now().getTime() + POSTPONE_MS)
      return store.scheduleExpiry(sampleKey, vendorVoiceId, later)
    }
    await this.forget(sampleKey, 'expired')
  }

  /**
   * Takes a clone out of the cache and deletes the vendor's copy at once; should that fail, the store's own job does it
   * later. Resolves with false when there was no clone.
   */
  async forget(sampleKey: string, result: 'expired' | 'evicted' | 'deleted'): Promise<boolean> {
    const { store, log } = this.#options
    const forgotten = await store.forgetClone(sampleKey)
    if (!forgotten || forgotten.status === 'failed') return false
    const { vendorVoiceId } = forgotten
    await store.log({ sampleKey, result, vendorVoiceId })
    if (vendorVoiceId === null) return true
    await this.removeAtVendor(vendorVoiceId, AbortSignal.timeout(REMOVAL_PATIENCE_MS)).catch(
      (error: unknown) =>
        log.warn(
          { err: error },
          'a voice could not be deleted at the vendor yet; the job queue goes on trying',
        ),
    )
    return true
  }

  /** Deletes the vendor's copy; the job that would do it later is then not needed any more. */
  async removeAtVendor(vendorVoiceId: string, signal?: AbortSignal): Promise<void> {
    await this.#options.vendor.remove(vendorVoiceId, signal)
    await this.#options.store.removalDone(vendorVoiceId)
  }

  async #make(sampleKey: string, wasLeftBehind: boolean): Promise<Made> {
    const { store, policy } = this.#options
    const samples = await store.samples(sampleKey)
    if (samples.length === 0) throw new VendorError('rejected', 'The samples were deleted.')
    const name = voiceName(sampleKey)
    return policy.run(async ({ signal, attempt }) => {
      // The answer to an earlier attempt may have been lost after the vendor made the voice; a second would be a leak.
      const existing = attempt > 0 || wasLeftBehind ? await this.#find(name, signal) : null
      if (existing !== null) return { result: 'adopted', voiceId: existing }
      return { result: 'cloned', voiceId: await this.#cloneMakingRoom(name, samples, signal) }
    })
  }

  /** A vendor that cannot say whether the voice exists is asked to make it. */
  #find(name: string, signal: AbortSignal): Promise<string | null> {
    return this.#options.vendor.findByName(name, signal).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'an earlier voice could not be looked for')
      return null
    })
  }

  async #cloneMakingRoom(name: string, samples: VoiceSample[], signal: AbortSignal): Promise<string> {
    const { vendor, store } = this.#options
    const request = { name, samples, signal }
    try {
      return (await vendor.clone(request)).voiceId
    } catch (error) {
      if (!(error instanceof VendorError) || error.failure !== 'slots_full') throw error
      const oldest = await store.leastRecentlyUsed()
      if (!oldest) throw error
      await this.forget(oldest.sampleKey, 'evicted')
      return (await vendor.clone(request)).voiceId
    }
  }

  async #ready(
    sampleKey: string,
    voiceId: string,
    log: Pick<CloneLogEntry, 'result' | 'durationMs'>,
  ): Promise<void> {
    const { store, vendor, announce, now, ttlMs } = this.#options
    const expiresAt = new Date(now().getTime() + ttlMs)
    if (await store.markReady(sampleKey, voiceId, expiresAt)) {
      await store.log({ sampleKey, vendorVoiceId: voiceId, ...log })
      return announce(sampleKey, { type: 'voice.ready', voiceId })
    }
    // Deleted by an operator while it was made: nobody would ever delete it at the vendor.
    await announce(sampleKey, { type: 'voice.failed', cause: 'deleted' })
    await vendor.remove(voiceId)
  }

  async #failed(sampleKey: string, failure: VendorError, durationMs: number): Promise<void> {
    const { store, announce, log } = this.#options
    log.warn({ err: failure, failure: failure.failure, sampleKey }, 'a voice could not be cloned')
    await store.markFailed(sampleKey, failure.message)
    await store.log({
      sampleKey,
      result: 'failed',
      durationMs,
      detail: `${failure.failure}: ${failure.message}`,
    })
    await announce(sampleKey, { type: 'voice.failed', cause: failure.failure })
  }

  /** What the vendor did wrong is an outcome; what we did wrong is for the job queue to try again. */
  #asFailure(error: unknown): Made {
    if (error instanceof VendorError) return { result: 'failed', failure: error }
    throw error
  }
}

type Made = { result: 'cloned' | 'adopted'; voiceId: string } | { result: 'failed'; failure: VendorError }

/** Unique to the samples, so that the vendor can be asked for it. */
export const voiceName = (sampleKey: string): string => `precall-${sampleKey.slice(0, 32)}`

const isOver = (expiresAt: Date | null, now: Date): boolean => expiresAt !== null && expiresAt <= now
