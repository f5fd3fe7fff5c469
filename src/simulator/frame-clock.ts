import { type Clock, systemClock } from '../runtime/clock.ts'

/** A telephone frame: 20 ms of mu-law at 8 kHz. */
export const FRAME_MS = 20
export const FRAME_BYTES = 160

/** After a stall, as many missed frames are made up for at once; time lost beyond that is lost, as on a telephone. */
const MAX_BURST = 50

/**
 * Calls `tick` once a frame until the returned function is called. It counts frames against the clock instead of waiting
 * for twenty milliseconds again and again, so timers that fire late do not add up to a drift.
 */
export function startFrameClock(tick: () => void, clock: Clock = systemClock): () => void {
  let began = clock.now()
  let ticks = 0
  let cancel = () => {}

  function catchUp(): void {
    const elapsed = Math.floor((clock.now() - began) / FRAME_MS)
    const lost = Math.max(0, elapsed - ticks - MAX_BURST)
    const due = elapsed - lost
    began += lost * FRAME_MS
    const isDue = due > ticks
    if (isDue) ticks++
    schedule(due > ticks)
    if (isDue) tick()
  }

  /** Even when it is behind, others get a turn between two ticks: what a tick sets off may belong before the next. */
  function schedule(isBehind: boolean): void {
    cancel = clock.after(isBehind ? 0 : began + (ticks + 1) * FRAME_MS - clock.now(), catchUp)
  }

  schedule(false)
  return () => cancel()
}
