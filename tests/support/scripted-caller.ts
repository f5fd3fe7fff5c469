import type { Caller } from '../../src/simulator/carrier/line.ts'
import { FrameBuffer } from '../../src/simulator/frame-buffer.ts'

/** An hour of listening; what came before is forgotten. */
const MAX_HEARD_FRAMES = 180_000

/** A caller who says what it is given to say, and remembers what it heard. */
export class ScriptedCaller implements Caller {
  readonly #speech = new FrameBuffer()
  readonly #heard: Buffer[] = []

  /** Says this mu-law after what is still to be said. */
  say(muLaw: Uint8Array): void {
    this.#speech.push(muLaw)
  }

  /** Whether everything has been said. */
  get isSilent(): boolean {
    return this.#speech.bytes === 0
  }

  /** Everything heard since the line was opened, as mu-law. */
  get heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  hear(frame: Buffer): void {
    this.#heard.push(frame)
    if (this.#heard.length > MAX_HEARD_FRAMES) this.#heard.shift()
  }

  nextFrame(): Buffer | null {
    return this.#speech.take()
  }
}
