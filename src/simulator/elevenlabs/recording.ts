import { MU_LAW_RATE } from '../../audio/mulaw.ts'

/** Ten minutes, the longest conversation that an agent has by default; anything later is not recorded. */
const LONGEST_MS = 600_000
/** Caller audio this much later than the end of what came before is after a pause and not merely unpunctual. */
const PAUSE_MS = 250

/** Both sides of a conversation in one track, each at the time at which it was heard. Times count from its start. */
export class Recording {
  #samples = new Int16Array(30 * MU_LAW_RATE)
  #length = 0
  #callerUntilMs = 0

  get samples(): Int16Array {
    return this.#samples.subarray(0, this.#length)
  }

  /** Adds caller audio that has just arrived, behind what came before. */
  addCaller(samples: Int16Array, nowMs: number): void {
    const durationMs = (samples.length * 1000) / MU_LAW_RATE
    const startMs = nowMs - durationMs
    const atMs = startMs - this.#callerUntilMs > PAUSE_MS ? startMs : this.#callerUntilMs
    this.#callerUntilMs = atMs + durationMs
    this.mix(samples, atMs)
  }

  mix(samples: Int16Array, atMs: number): void {
    const start = Math.round((Math.min(atMs, LONGEST_MS) * MU_LAW_RATE) / 1000)
    const end = Math.min(start + samples.length, (LONGEST_MS * MU_LAW_RATE) / 1000)
    this.#growTo(end)
    for (let i = start; i < end; i++) {
      const sum = (this.#samples[i] ?? 0) + (samples[i - start] ?? 0)
      this.#samples[i] = Math.max(-32768, Math.min(32767, sum))
    }
  }

  #growTo(length: number): void {
    this.#length = Math.max(this.#length, length)
    if (this.#length <= this.#samples.length) return
    const grown = new Int16Array(Math.max(this.#length, this.#samples.length * 2))
    grown.set(this.#samples)
    this.#samples = grown
  }
}
