import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import type { Caller } from '../../src/simulator/carrier/line.ts'
import { FRAME_BYTES } from '../../src/simulator/frame-clock.ts'

/* Counted in frames of 20 ms of the caller's time, so that a stall of this very machine is not taken for silence. */
const TURN_AFTER_FRAMES = 60
const SPEAKS_AGAIN_AFTER_FRAMES = 200
const VOWEL_FRAMES = 20
/** Louder than a line's noise: mu-law's exponent is in these bits, inverted. */
const LOUD = 0x18
const SAMPLE_EVERY = 10

const VOWEL = frames(
  encodeMuLaw(Int16Array.from({ length: VOWEL_FRAMES * FRAME_BYTES }, (_, i) => 9_000 * Math.sin(i / 4))),
)

/** The ear and the mouth of a caller: tells when something is heard, and speaks up when the agent has said its word. */
export class ChaosCaller implements Caller {
  /** How many frames in a row were silent. */
  silentFrames = 0
  /** Whether the agent is on the line, so that the caller has somebody to speak to. */
  isTalking = false
  readonly #onSound: () => void
  readonly #onSilence: (frames: number) => void
  #sinceSpoken = 0
  #vowelAt = VOWEL_FRAMES

  constructor(on: { sound: () => void; silence: (frames: number) => void }) {
    this.#onSound = on.sound
    this.#onSilence = on.silence
  }

  hear(frame: Buffer): void {
    if (isSound(frame)) {
      this.silentFrames = 0
      this.#onSound()
    } else {
      this.silentFrames++
      this.#onSilence(this.silentFrames)
    }
  }

  nextFrame(): Buffer | null {
    this.#sinceSpoken++
    const isMyTurn = this.silentFrames > TURN_AFTER_FRAMES && this.#sinceSpoken > SPEAKS_AGAIN_AFTER_FRAMES
    if (this.isTalking && isMyTurn) {
      this.#vowelAt = 0
      this.#sinceSpoken = 0
    }
    return VOWEL[this.#vowelAt++] ?? null
  }
}

function isSound(frame: Buffer): boolean {
  for (let at = 0; at < frame.length; at += SAMPLE_EVERY) {
    if ((~(frame[at] as number) & 0x7f) > LOUD) return true
  }
  return false
}

function frames(speech: Buffer): Buffer[] {
  return Array.from({ length: speech.length / FRAME_BYTES }, (_, index) =>
    speech.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES),
  )
}
