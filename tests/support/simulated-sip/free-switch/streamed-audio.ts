import { Resampler } from '../../../../src/audio/resampler.ts'
import { clipped } from './fork-frames.ts'
import { CHANNEL_RATE } from './sound.ts'

/** Of the streaming module: the image of drachtio-freeswitch-mrf has the older one. */
export type ForkRelease = '1.2.22' | '1.2.33'

/** Samples in the module's unit of buffering; it counts 40 ms at 8 kHz. */
const UNIT = 320
/** What must be there before the first sound of a fork is heard, in units: 160 ms. */
const FIRST_UNITS = 4
/** What must be there before any more is passed on, in units: so up to 80 ms stay behind at the end of an utterance. */
const LATER_UNITS = 2
/** The sample that stands for a mark: a -1 that a service sends is mistaken for one. */
const MARKER = -1
const MAX_MARKS = 30

const NOTHING = Buffer.alloc(0)

/**
 * What the service streams into a call, on its way through mod_audio_fork's two buffers: one that fills until its threshold
 * is reached, and one that is played from. Marks travel as samples. Release 1.2.22 has the second buffer alone, and drops the half
 * of a sample at the end of a message. Source: lws_glue.cpp, processIncomingBinary, dub_speech_frame.
 */
export class StreamedAudio {
  readonly #resampler: Resampler | null
  readonly #send: (message: string) => void
  readonly #downscale: number
  readonly #holdsBack: boolean
  #threshold: number
  #waiting: number[] = []
  #playout: number[] = []
  #oddByte: Buffer = NOTHING
  #newMarks: string[] = []
  #marks: string[] = []
  #clearedMarks: string[] = []

  constructor(rate: number, { release, send }: { release: ForkRelease; send: (message: string) => void }) {
    this.#holdsBack = release !== '1.2.22'
    this.#resampler = rate === CHANNEL_RATE ? null : new Resampler(rate, CHANNEL_RATE)
    this.#send = send
    this.#downscale = Math.max(1, Math.floor(rate / CHANNEL_RATE))
    this.#threshold = this.#holdsBack ? UNIT * this.#downscale * FIRST_UNITS : 0
  }

  push(bytes: Buffer): void {
    const data = Buffer.concat([this.#oddByte, bytes])
    const whole = data.length - (data.length % 2)
    this.#oddByte = this.#holdsBack ? Buffer.from(data.subarray(whole)) : NOTHING
    for (const name of this.#newMarks.splice(0)) {
      this.#marks.push(name)
      this.#waiting.push(MARKER)
    }
    for (let i = 0; i < whole; i += 2) this.#waiting.push(data.readInt16LE(i))
    if (this.#waiting.length >= this.#threshold) this.#passOn()
  }

  /** Names the place that the next audio will have; more than can wait are forgotten. */
  mark(name: string): void {
    if (this.#marks.length + this.#newMarks.length < MAX_MARKS) this.#newMarks.push(name)
  }

  clearMarks(): void {
    this.#clearedMarks.push(...this.#marks.splice(0), ...this.#newMarks.splice(0))
  }

  /** Forgets what is to be played, but not what has not reached its threshold yet: that comes out before the next utterance. */
  clear(): void {
    this.#playout = []
    for (const name of [...this.#marks, ...this.#newMarks.splice(0)]) this.#tell(name, 'cleared')
    this.#clearedMarks.push(...this.#marks.splice(0))
  }

  mixInto(frame: Int16Array): void {
    const samples = this.#withoutMarkers(this.#playout.splice(0, frame.length))
    if (samples.length === 0 && this.#playout.length === 0) this.#tellNewMark()
    for (const [i, sample] of samples.entries()) frame[i] = clipped((frame[i] as number) + sample)
  }

  #passOn(): void {
    if (this.#holdsBack) this.#threshold = UNIT * this.#downscale * LATER_UNITS
    const complete = Math.floor(this.#waiting.length / this.#downscale) * this.#downscale
    const samples = Int16Array.from(this.#waiting.splice(0, complete))
    for (const sample of this.#resampler?.resample(samples) ?? samples) this.#playout.push(sample)
  }

  #withoutMarkers(samples: number[]): number[] {
    if (this.#marks.length + this.#clearedMarks.length === 0) return samples
    return samples.filter((sample) => {
      if (sample !== MARKER) return true
      const cleared = this.#clearedMarks.shift()
      const name = cleared === undefined ? this.#marks.shift() : undefined
      if (name !== undefined) this.#tell(name, 'playout')
      return false
    })
  }

  /** A mark with nothing before it has been reached. */
  #tellNewMark(): void {
    const name = this.#newMarks.shift()
    if (name !== undefined) this.#tell(name, 'playout')
  }

  #tell(name: string, event: 'playout' | 'cleared'): void {
    this.#send(JSON.stringify({ type: 'mark', data: { name, event } }))
  }
}
