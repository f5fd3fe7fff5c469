import { MU_LAW_SILENCE } from '../../audio/mulaw.ts'
import { FRAME_BYTES } from '../frame-clock.ts'

/** How a mark came back: what was queued before it was played, or was thrown away unheard. */
export type MarkOutcome = 'played' | 'cleared'

type Mark = (outcome: MarkOutcome) => void
type Item = { audio: Buffer } | { mark: Mark }

const SILENT_FRAME = Buffer.alloc(FRAME_BYTES, MU_LAW_SILENCE)

/** What the caller is still to hear, in order: audio of any length, and marks between it. */
export class Playout {
  #items: Item[] = []
  #bytes = 0

  /** Audio that waits to be played, in bytes. */
  get bufferedBytes(): number {
    return this.#bytes
  }

  enqueue(audio: Buffer): void {
    if (audio.length === 0) return
    this.#items.push({ audio })
    this.#bytes += audio.length
  }

  /** Calls back when everything queued so far has been played or cleared; at once when nothing is queued. */
  mark(onReached: Mark): void {
    if (this.#items.length === 0) onReached('played')
    else this.#items.push({ mark: onReached })
  }

  /** Throws away what is queued; outstanding marks come back. Returns how many bytes were not heard. */
  clear(): number {
    const items = this.#items
    const dropped = this.#bytes
    this.#items = []
    this.#bytes = 0
    for (const item of items) if ('mark' in item) item.mark('cleared')
    return dropped
  }

  /** Gives the caller the next frame, or silence, and then returns the marks that were reached with it. */
  playFrame(hear: (frame: Buffer) => void): void {
    const frame = this.#bytes === 0 ? SILENT_FRAME : Buffer.alloc(FRAME_BYTES, MU_LAW_SILENCE)
    const reached: Mark[] = []
    for (let filled = 0; this.#items.length > 0; ) {
      const item = this.#items[0] as Item
      if ('mark' in item) reached.push(item.mark)
      else if (filled === FRAME_BYTES) break
      else filled += this.#copy(item, frame, filled)
      if ('mark' in item || item.audio.length === 0) this.#items.shift()
    }
    hear(frame)
    for (const mark of reached) mark('played')
  }

  #copy(item: { audio: Buffer }, frame: Buffer, at: number): number {
    const copied = item.audio.copy(frame, at)
    item.audio = item.audio.subarray(copied)
    this.#bytes -= copied
    return copied
  }
}
