/** A telephone frame: 20 ms of mu-law at 8 kHz. */
export const FRAME_MS = 20
export const FRAME_BYTES = 160

/** After a stall, as many missed frames are made up for at once; time lost beyond that is lost, as on a telephone. */
const MAX_BURST = 50

/**
 * Calls `tick` once a frame until the returned function is called. It counts frames against the clock instead of waiting
 * for twenty milliseconds again and again, so timers that fire late do not add up to a drift.
 * `timeScale` 1 is real time, 0.05 is twenty times as fast. Throws RangeError when it is not above zero.
 */
export function startFrameClock(tick: () => void, timeScale = 1): () => void {
  if (!(timeScale > 0)) throw new RangeError(`The time scale must be above zero; it is ${timeScale}.`)
  const interval = FRAME_MS * timeScale
  let began = performance.now()
  let ticks = 0
  let cancel = () => {}

  function catchUp(): void {
    const elapsed = Math.floor((performance.now() - began) / interval)
    const lost = Math.max(0, elapsed - ticks - MAX_BURST)
    const due = elapsed - lost
    began += lost * interval
    const isDue = due > ticks
    if (isDue) ticks++
    schedule(due > ticks)
    if (isDue) tick()
  }

  /** Even when it is behind, others get a turn between two ticks: what a tick sets off may belong before the next. */
  function schedule(isBehind: boolean): void {
    if (isBehind) {
      const immediate = setImmediate(catchUp)
      cancel = () => clearImmediate(immediate)
    } else {
      const timer = setTimeout(catchUp, Math.max(0, began + (ticks + 1) * interval - performance.now()))
      cancel = () => clearTimeout(timer)
    }
  }

  schedule(false)
  return () => cancel()
}
