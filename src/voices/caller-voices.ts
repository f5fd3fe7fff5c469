import type { CallerVoice, Clone, Consent, VoiceStore } from './ports.ts'
import { checkSamples, type SampleFile, sampleKeyOf } from './samples.ts'
import type { VoiceRemoval } from './voice-removal.ts'

/** Callers' own voices as operators manage them. */
export class CallerVoices {
  readonly #store: VoiceStore
  readonly #removal: VoiceRemoval

  constructor(store: VoiceStore, removal: VoiceRemoval) {
    this.#store = store
    this.#removal = removal
  }

  /** Checks the samples and keeps them; resolves with what is wrong, one sentence each, when they are no good. */
  async save(upload: {
    callerId: string
    name: string
    consent: Consent
    files: SampleFile[]
  }): Promise<CallerVoice | { refused: string[] }> {
    const { files, ...description } = upload
    const checked = checkSamples(files)
    if ('refused' in checked) return checked
    const { samples } = checked
    const saved = await this.#store.save({ ...description, samples, sampleKey: sampleKeyOf(samples) })
    if (saved.forgotten) await this.#removal.end(saved.forgotten, 'deleted')
    return saved.voice
  }

  find(callerId: string): Promise<CallerVoice | null> {
    return this.#store.find(callerId)
  }

  clone(sampleKey: string): Promise<Clone | null> {
    return this.#store.clone(sampleKey)
  }

  /** Forgets mapping, samples and clone, here and at the vendor; what another caller shares is kept. */
  async remove(callerId: string): Promise<boolean> {
    const removed = await this.#store.remove(callerId)
    if (removed?.forgotten) await this.#removal.end(removed.forgotten, 'deleted')
    return removed !== null
  }

  /** Forgets the clone alone; the next call makes a new one. False when the caller has none. */
  async forget(callerId: string): Promise<boolean> {
    const voice = await this.#store.find(callerId)
    return voice !== null && this.#removal.forget(voice.sampleKey, 'deleted')
  }
}
