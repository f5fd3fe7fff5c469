import type { Cloning } from './cloning.ts'
import type { CallerVoice, Clone, Consent, VoiceStore } from './ports.ts'
import { checkSamples, type SampleFile, sampleKeyOf } from './samples.ts'

/** Callers' own voices as operators manage them. */
export class CallerVoices {
  readonly #store: VoiceStore
  readonly #cloning: Cloning

  constructor(store: VoiceStore, cloning: Cloning) {
    this.#store = store
    this.#cloning = cloning
  }

  /** Checks the samples and keeps them; resolves with what is wrong, one sentence each, when they are no good. */
  async save(upload: {
    callerId: string
    name: string
    consent: Consent
    files: SampleFile[]
  }): Promise<CallerVoice | { refused: string[] }> {
    const { callerId, name, consent, files } = upload
    const checked = checkSamples(files)
    if ('refused' in checked) return checked
    const { samples } = checked
    const before = await this.#store.find(callerId)
    const saved = await this.#store.save({
      callerId,
      name,
      consent,
      samples,
      sampleKey: sampleKeyOf(samples),
    })
    if (before && before.sampleKey !== saved.sampleKey) await this.#endUnused(before.sampleKey)
    return saved
  }

  find(callerId: string): Promise<CallerVoice | null> {
    return this.#store.find(callerId)
  }

  clone(sampleKey: string): Promise<Clone | null> {
    return this.#store.clone(sampleKey)
  }

  /** Forgets mapping, samples and clone, here and at the vendor; what another caller shares is kept. */
  async remove(callerId: string): Promise<boolean> {
    const voice = await this.#store.find(callerId)
    if (!voice || !(await this.#store.remove(callerId))) return false
    await this.#endUnused(voice.sampleKey)
    return true
  }

  /** Forgets the clone alone; the next call makes a new one. False when the caller has none. */
  async forget(callerId: string): Promise<boolean> {
    const voice = await this.#store.find(callerId)
    return voice !== null && this.#cloning.forget(voice.sampleKey, 'deleted')
  }

  async #endUnused(sampleKey: string): Promise<void> {
    if ((await this.#store.countCallers(sampleKey)) === 0) await this.#cloning.forget(sampleKey, 'deleted')
  }
}
