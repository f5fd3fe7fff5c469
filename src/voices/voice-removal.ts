import type { Logger } from 'pino'
import type { Clone, CloneLogEntry, VoiceStore, VoiceVendor } from './ports.ts'
import { cloneName } from './voice-name.ts'

/** A voice that a live call speaks with outlives its time by such steps. */
const POSTPONE_MS = 60_000
/** How long an operator, or a clone that needs the slot, waits for a deletion before it is left to the job queue. */
const REMOVAL_PATIENCE_MS = 5_000

export type VoiceRemovalOptions = {
  store: VoiceStore
  vendor: VoiceVendor
  log: Logger
}

type Forgotten = Pick<Clone, 'sampleKey' | 'vendorVoiceId'>
type Ending = Extract<CloneLogEntry['result'], 'expired' | 'evicted' | 'deleted'>

/**
 * Ends voices, here and at the vendor. The store's transaction that forgets one also schedules its removal, so that a
 * vendor that is down, or a crash, leaves nothing behind for ever.
 */
export class VoiceRemoval {
  readonly #options: VoiceRemovalOptions

  constructor(options: VoiceRemovalOptions) {
    this.#options = options
  }

  /** Ends a voice whose time is over; one that a call speaks with is looked at again later. */
  async expire(sampleKey: string, vendorVoiceId: string): Promise<void> {
    const { store } = this.#options
    const clone = await store.clone(sampleKey)
    if (clone?.vendorVoiceId !== vendorVoiceId) return
    if (await store.isInUse(vendorVoiceId)) {
      return store.scheduleExpiry(sampleKey, vendorVoiceId, POSTPONE_MS)
    }
    await this.forget(sampleKey, 'expired')
  }

  /** Forgets a clone that the vendor says it no longer has; calls to come have a new one made. */
  async forgetGone(sampleKey: string, vendorVoiceId: string): Promise<void> {
    const clone = await this.#options.store.clone(sampleKey)
    if (clone?.vendorVoiceId === vendorVoiceId) await this.forget(sampleKey, 'deleted')
  }

  /** Takes a clone out of the cache and deletes the vendor's copy. Resolves with false when there was no clone. */
  async forget(sampleKey: string, ending: Ending): Promise<boolean> {
    const forgotten = await this.#options.store.forgetClone(sampleKey)
    if (!forgotten || forgotten.status === 'failed') return false
    await this.end(forgotten, ending)
    return true
  }

  /** Makes room at the vendor. Resolves with false when there is none to be made, or not now. */
  async evict(): Promise<boolean> {
    const evicted = await this.#options.store.forgetLeastRecentlyUsed()
    return evicted !== null && this.end(evicted, 'evicted')
  }

  /**
   * Deletes the vendor's copy of a clone that the store has forgotten. Resolves with false when the vendor could not do
   * it now: the store's own job does it later.
   */
  async end({ sampleKey, vendorVoiceId }: Forgotten, ending: Ending): Promise<boolean> {
    const { store, vendor, log } = this.#options
    if (vendorVoiceId === null) return true
    await store.log({ sampleKey, result: ending, vendorVoiceId })
    try {
      await vendor.remove(vendorVoiceId, AbortSignal.timeout(REMOVAL_PATIENCE_MS))
    } catch (error) {
      log.warn({ err: error }, 'a voice could not be deleted at the vendor yet; it is tried again')
      return false
    }
    await store.removalDone(vendorVoiceId)
    return true
  }

  /**
   * Deletes what the vendor made for a clone and nobody here knows of: the answer was lost, or came too late, or the clone
   * was forgotten while a node that then died was making it.
   */
  async removeStrays(sampleKey: string, requestedAt: Date, signal?: AbortSignal): Promise<void> {
    const { store, vendor, log } = this.#options
    const clone = await store.clone(sampleKey)
    const isSame = clone?.requestedAt.getTime() === requestedAt.getTime()
    if (isSame && clone.status === 'cloning') return store.scheduleStraySearch(clone)
    const known = isSame ? clone.vendorVoiceId : null
    const found = await vendor.findByName(cloneName({ sampleKey, requestedAt }), signal)
    for (const stray of found.filter((voiceId) => voiceId !== known)) {
      log.warn({ vendorVoiceId: stray }, 'the vendor has made a voice twice; this one is deleted')
      await vendor.remove(stray, signal)
    }
  }
}
