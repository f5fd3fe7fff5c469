/** Samples in a frame: 20 ms at 8 kHz. */
export const FRAME_SAMPLES = 160

/** An hour of listening; what came before is forgotten. */
const MAX_HEARD_FRAMES = 180_000

/** What a caller is given to say, and what it heard: 16-bit samples at 8 kHz. */
export class ScriptedVoice {
  #speech = new Int16Array(0)
  readonly #heard: Int16Array[] = []
  readonly #digits: string[] = []

  /** Says these samples after what is still to be said. */
  say(samples: Int16Array): void {
    this.#speech = joined([this.#speech, samples])
  }

  /** Presses keys: each goes out with the next frame. */
  press(digits: string): void {
    this.#digits.push(...digits)
  }

  get isSilent(): boolean {
    return this.#speech.length === 0
  }

  /** Everything heard so far. */
  get heard(): Int16Array {
    return joined(this.#heard)
  }

  get heardFrames(): number {
    return this.#heard.length
  }

  hear(frame: Int16Array): void {
    this.#heard.push(frame)
    if (this.#heard.length > MAX_HEARD_FRAMES) this.#heard.shift()
  }

  nextFrame(): Int16Array | null {
    if (this.#speech.length === 0) return null
    const frame = new Int16Array(FRAME_SAMPLES)
    frame.set(this.#speech.subarray(0, FRAME_SAMPLES))
    this.#speech = this.#speech.subarray(FRAME_SAMPLES)
    return frame
  }

  nextDigit(): string | null {
    return this.#digits.shift() ?? null
  }
}

function joined(parts: Int16Array[]): Int16Array<ArrayBuffer> {
  const whole = new Int16Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
