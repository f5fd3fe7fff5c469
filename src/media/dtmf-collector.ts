import type { Clock } from '../runtime/clock.ts'

/** Somebody who keys a number in pauses for less between two keys. */
const PAUSE_MS = 1_500
/** It ends a number on every telephone menu, and needs no pause after it. */
const END = '#'
/** Longer than any number that people key in; what comes on top is a stuck key. */
const MOST_KEYS = 32
const KEY = /^[0-9A-D*#]$/

/** Gathers the keys that a caller presses, so that a number is told in one piece. */
export class Keypad {
  readonly #clock: Clock
  #keys = ''
  #pressedAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  press(key: string): void {
    if (!KEY.test(key) || this.#keys.length === MOST_KEYS) return
    this.#keys += key
    this.#pressedAt = this.#clock.now()
  }

  /** The keys of a number that has been keyed in; empty while there is none. */
  take(): string {
    const isWhole = this.#keys.endsWith(END) || this.#clock.now() - this.#pressedAt >= PAUSE_MS
    if (!isWhole) return ''
    const keys = this.#keys
    this.#keys = ''
    return keys
  }
}
