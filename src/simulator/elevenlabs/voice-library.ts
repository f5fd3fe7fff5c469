import { AGENT_VOICE_ID } from '../script.ts'
import { VendorError } from './vendor-error.ts'
import { newVoiceId } from './vendor-id.ts'

type VoiceSample = { fileName: string; mimeType: string; sizeBytes: number; hash: string }

export type SimulatedVoice = {
  voiceId: string
  name: string
  category: 'premade' | 'cloned'
  description: string | null
  labels: Record<string, string>
  samples: VoiceSample[]
  createdAt: Date
}

/** A few of the voices that every account of the vendor has. */
const PREMADE: [voiceId: string, name: string][] = [
  [AGENT_VOICE_ID, 'Rachel'],
  ['EXAVITQu4vr4xnSDxMaL', 'Sarah'],
  ['JBFqnCBsd6RMkjVDRZzb', 'George'],
  ['pNInz6obpgDQGcFmaJgB', 'Adam'],
]

/** The voices of an account, and the slots that its plan has for cloned ones. */
export class VoiceLibrary {
  readonly voices = new Map<string, SimulatedVoice>()
  readonly limit: number
  /** How often a voice was added; the vendor counts it and never gives one back. */
  addCounter = 0
  #cloning = 0

  constructor(limit: number) {
    this.limit = limit
    for (const [voiceId, name] of PREMADE) this.#add({ voiceId, name, category: 'premade' })
  }

  get slotsUsed(): number {
    return [...this.voices.values()].filter((voice) => voice.category === 'cloned').length
  }

  /**
   * Holds a slot while `clone` works, then adds the voice.
   * @throws VendorError `voice_limit_reached` when every slot is taken or being filled.
   */
  async clone(
    voice: Pick<SimulatedVoice, 'name' | 'description' | 'labels' | 'samples'>,
    work: () => Promise<void>,
  ): Promise<SimulatedVoice> {
    if (this.slotsUsed + this.#cloning >= this.limit) throw this.#limitReached()
    this.#cloning++
    try {
      await work()
    } finally {
      this.#cloning--
    }
    this.addCounter++
    return this.#add({ ...voice, voiceId: newVoiceId(), category: 'cloned' })
  }

  /** @throws VendorError 404 `voice_not_found`. */
  get(voiceId: string): SimulatedVoice {
    const voice = this.voices.get(voiceId)
    if (!voice) throw voiceNotFound(404, voiceId)
    return voice
  }

  /** Voices whose name, description or labels contain `text`, newest first. */
  search(text: string): SimulatedVoice[] {
    const wanted = text.toLowerCase()
    return [...this.voices.values()]
      .filter(({ name, description, labels }) =>
        [name, description ?? '', ...Object.values(labels)].some((part) =>
          part.toLowerCase().includes(wanted),
        ),
      )
      .reverse()
  }

  /** @throws VendorError 400 `voice_not_found` when the account has no such voice of its own. */
  remove(voiceId: string): void {
    if (this.voices.get(voiceId)?.category !== 'cloned') throw voiceNotFound(400, voiceId)
    this.voices.delete(voiceId)
  }

  #add(
    voice: Pick<SimulatedVoice, 'voiceId' | 'name' | 'category'> & Partial<SimulatedVoice>,
  ): SimulatedVoice {
    const added = { description: null, labels: {}, samples: [], createdAt: new Date(), ...voice }
    this.voices.set(added.voiceId, added)
    return added
  }

  #limitReached(): VendorError {
    const { slotsUsed, limit } = this
    return new VendorError(
      400,
      'voice_limit_reached',
      `You have reached your maximum amount of custom voices (${slotsUsed} / ${limit}). ` +
        'You can upgrade your subscription to increase your custom voice limit.',
    )
  }
}

/** The vendor has used both statuses for it, and so does the simulation. */
function voiceNotFound(status: 400 | 404, voiceId: string): VendorError {
  const message = `A voice with the voice_id ${voiceId} was not found.`
  return new VendorError(status, 'voice_not_found', message, 'voice_id')
}
