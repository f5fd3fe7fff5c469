import type { VoiceTrust } from '../calls/caller-trust.ts'
import type { CallerVoice, Clone, Consent, VoiceStore } from './ports.ts'
import { checkSamples, type SampleFile, sampleKeyOf } from './samples.ts'
import type { VoiceRemoval } from './voice-removal.ts'

/** Callers' own voices as operators manage them. */
export class CallerVoices {
  readonly #store: VoiceStore
  readonly #removal: VoiceRemoval
  readonly #canonical: (callerId: string) => string

  /** `canonical` gives the spelling under which a caller's voice is kept. */
  constructor(store: VoiceStore, removal: VoiceRemoval, canonical: (callerId: string) => string) {
    this.#store = store
    this.#removal = removal
    this.#canonical = canonical
  }

  /** Checks the samples and keeps them; resolves with what is wrong, one sentence each, when they are no good. */
  async save(upload: {
    callerId: string
    name: string
    consent: Consent
    trust?: VoiceTrust | null
    files: SampleFile[]
  }): Promise<CallerVoice | { refused: string[] }> {
    const { files, ...description } = upload
    const checked = await checkSamples(files)
    if ('refused' in checked) return checked
    const { samples } = checked
    const saved = await this.#store.save({ ...description, samples, sampleKey: sampleKeyOf(samples) })
    if (saved.forgotten) await this.#removal.end(saved.forgotten, 'deleted')
    return saved.voice
  }

  /** In whatever spelling; one that is stored just so comes first, lest it could never be reached. */
  async find(callerId: string): Promise<CallerVoice | null> {
    return (await this.#store.find(callerId)) ?? this.#store.find(this.#canonical(callerId))
  }

  /** Who must vouch for the number of a caller who hears it from now on. Null when the caller has no voice. */
  async setTrust(callerId: string, trust: VoiceTrust | null): Promise<CallerVoice | null> {
    const voice = await this.find(callerId)
    return voice && this.#store.setTrust(voice.callerId, trust)
  }

  clone(sampleKey: string): Promise<Clone | null> {
    return this.#store.clone(sampleKey)
  }

  /** Forgets mapping, samples and clone, here and at the vendor; what another caller shares is kept. */
  async remove(callerId: string): Promise<boolean> {
    const voice = await this.find(callerId)
    const removed = voice && (await this.#store.remove(voice.callerId))
    if (removed?.forgotten) await this.#removal.end(removed.forgotten, 'deleted')
    return removed !== null
  }

  /** Forgets the clone alone; the next call makes a new one. False when the caller has none. */
  async forget(callerId: string): Promise<boolean> {
    const voice = await this.find(callerId)
    return voice !== null && this.#removal.forget(voice.sampleKey, 'deleted')
  }
}
