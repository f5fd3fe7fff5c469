import { decodeMuLaw, encodeMuLawInto, MU_LAW_RATE } from '../../audio/mulaw.ts'
import { Resampler } from '../../audio/resampler.ts'
import { JitterBuffer } from './jitter-buffer.ts'
import { loudness } from './loudness.ts'
import { TELEPHONE_PROCESSOR, type TelephoneFrame, type TelephoneReport } from './telephone-messages.ts'

/*
 * The browser's end of the telephone line, on the audio thread: what the microphone gives becomes mu-law frames, and
 * mu-law frames become what the speaker plays. The sound card's clock paces both.
 */

// The global scope of an audio worklet, which TypeScript does not know: https://webaudio.github.io/web-audio-api/#AudioWorkletGlobalScope
declare const sampleRate: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void

const FULL_SCALE = 32_768
const SAMPLES_PER_MS = MU_LAW_RATE / 1000
const FRAME = 20 * SAMPLES_PER_MS
/** Enough for what a network and a busy page delay a frame by, too little to be felt in a conversation. */
const JITTER_DELAY = 100 * SAMPLES_PER_MS
const JITTER_CAPACITY = 400 * SAMPLES_PER_MS
/** Sound is taken from the jitter buffer in pieces of 5 ms. */
const PIECE = 5 * SAMPLES_PER_MS

class Telephone extends AudioWorkletProcessor {
  readonly #toLine = new Resampler(sampleRate, MU_LAW_RATE)
  readonly #fromLine = new Resampler(MU_LAW_RATE, sampleRate)
  readonly #jitter = new JitterBuffer({ delay: JITTER_DELAY, capacity: JITTER_CAPACITY })
  readonly #frame = new Int16Array(FRAME)
  #frameLength = 0
  /** Resampled already, and not yet played. */
  #ready = new Float32Array(0)
  /** The loudest piece since the last report. */
  #heard = 0

  constructor() {
    super()
    this.port.onmessage = ({ data }: MessageEvent<TelephoneFrame>) => this.#jitter.push(decodeMuLaw(data))
  }

  process([input]: Float32Array[][], [output]: Float32Array[][]): boolean {
    const played = output?.[0]
    if (!played) return true
    this.#play(output)
    // Nothing is connected yet, or no longer: a telephone then sends silence.
    this.#record(input?.[0] ?? new Float32Array(played.length))
    return true
  }

  #play(channels: Float32Array[]): void {
    const length = channels[0]?.length ?? 0
    while (this.#ready.length < length) this.#ready = joined(this.#ready, this.#nextPiece())
    for (const channel of channels) channel.set(this.#ready.subarray(0, length))
    this.#ready = this.#ready.slice(length)
  }

  #nextPiece(): Float32Array {
    const piece = new Int16Array(PIECE)
    this.#jitter.read(piece)
    this.#heard = Math.max(this.#heard, loudness(piece))
    return Float32Array.from(this.#fromLine.resample(piece), (sample) => sample / FULL_SCALE)
  }

  #record(input: Float32Array): void {
    for (const sample of this.#toLine.resample(linearSamples(input))) {
      this.#frame[this.#frameLength++] = sample
      if (this.#frameLength === FRAME) this.#report()
    }
  }

  #report(): void {
    const frame = new Uint8Array(FRAME)
    encodeMuLawInto(this.#frame, frame)
    const report: TelephoneReport = {
      frame,
      spoken: loudness(this.#frame),
      heard: this.#heard,
      counts: this.#jitter.counts,
    }
    this.port.postMessage(report, [frame.buffer])
    this.#frameLength = 0
    this.#heard = 0
  }
}

/** The loudest that fits is kept where a microphone is louder than full scale. */
const linearSamples = (input: Float32Array): Int16Array =>
  Int16Array.from(input, (sample) =>
    Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE))),
  )

function joined(first: Float32Array, second: Float32Array): Float32Array<ArrayBuffer> {
  const both = new Float32Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

registerProcessor(TELEPHONE_PROCESSOR, Telephone)
