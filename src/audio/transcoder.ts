import type { WireAudio } from './audio-format.ts'
import { linearBytes, linearOfMuLaw, linearSamples, muLawOfLinear } from './linear.ts'
import { decodeMuLaw } from './mulaw.ts'
import { encodeMuLaw } from './mulaw-buffer.ts'
import { Resampler } from './resampler.ts'

/** One stream of sound from the form that one side writes it in to that of the other. It remembers what came before. */
export interface Transcoder {
  /** The next payload; empty while there is less than a sample. */
  transcode(payload: Buffer): Buffer
  /** The stream was cut: what comes next has nothing to do with what came before. */
  reset(): void
}

/** Null where both forms are the same, so that payloads can pass as they are. */
export function transcoderBetween(from: WireAudio, to: WireAudio): Transcoder | null {
  const isSame = from.encoding === to.encoding && from.rate === to.rate && from.wire === to.wire
  return isSame ? null : new Conversion(from, to)
}

class Conversion implements Transcoder {
  readonly #from: WireAudio
  readonly #to: WireAudio
  readonly #resampler: Resampler | null
  /** The first half of a sample whose second half comes with the next payload; empty mostly. */
  #half: Buffer = NOTHING

  constructor(from: WireAudio, to: WireAudio) {
    this.#from = from
    this.#to = to
    this.#resampler = from.rate === to.rate ? null : new Resampler(from.rate, to.rate)
  }

  transcode(payload: Buffer): Buffer {
    const sound = this.#from.wire === 'base64' ? fromBase64(payload) : payload
    const converted = this.#convert(this.#from.encoding === 'l16' ? this.#wholeSamples(sound) : sound)
    return this.#to.wire === 'base64' ? toBase64(converted) : converted
  }

  reset(): void {
    this.#half = NOTHING
    this.#resampler?.reset()
  }

  #convert(sound: Buffer): Buffer {
    const [from, to] = [this.#from.encoding, this.#to.encoding]
    if (this.#resampler) {
      const samples = from === 'mulaw' ? decodeMuLaw(sound) : linearSamples(sound)
      const resampled = this.#resampler.resample(samples)
      return to === 'mulaw' ? encodeMuLaw(resampled) : linearBytes(resampled)
    }
    if (from === to) return sound
    return to === 'mulaw' ? muLawOfLinear(sound) : linearOfMuLaw(sound)
  }

  #wholeSamples(bytes: Buffer): Buffer {
    const whole = this.#half.length > 0 ? Buffer.concat([this.#half, bytes]) : bytes
    const isOdd = whole.length % 2 === 1
    this.#half = isOdd ? Buffer.from(whole.subarray(-1)) : NOTHING
    return isOdd ? whole.subarray(0, -1) : whole
  }
}

const NOTHING = Buffer.alloc(0)

const fromBase64 = (payload: Buffer): Buffer => Buffer.from(payload.toString('latin1'), 'base64')
const toBase64 = (sound: Buffer): Buffer => Buffer.from(sound.toString('base64'), 'latin1')
