import { setImmediate as turn } from 'node:timers/promises'
import { scaledClock } from '../../../../src/runtime/clock.ts'
import { FRAME_MS, startFrameClock } from '../../../../src/simulator/frame-clock.ts'

/** What gives a channel its time: a tick every 20 ms. */
export interface Frames {
  /** Ticks until the returned function is called. */
  start(tick: () => void): () => void
}

/** Real time at 1; at 0.05 a second passes in 50 ms. */
export function clockFrames(timeScale = 1): Frames {
  const clock = scaledClock(timeScale)
  return { start: (tick) => startFrameClock(tick, clock) }
}

/** Turns of the event loop that a frame may take to travel over loopback sockets before the next one goes out. */
const TURNS_PER_FRAME = 4

/** Time that a test gives. */
export class ManualFrames implements Frames {
  readonly #ticks = new Set<() => void>()

  start(tick: () => void): () => void {
    this.#ticks.add(tick)
    return () => this.#ticks.delete(tick)
  }

  /** Lets so much time pass, frame by frame; what a frame sets off gets its turns before the next. */
  async advance(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += FRAME_MS) {
      for (const tick of [...this.#ticks]) tick()
      for (let turns = 0; turns < TURNS_PER_FRAME; turns++) await turn()
    }
  }
}
