import type { PlanClock } from './plan-clock.ts'

/** Does one thing after the other, each at its time or as soon as the one before it is over. */
export async function inLane<Planned extends { atMs: number }>(
  planned: readonly Planned[],
  lane: {
    clock: PlanClock
    act: (planned: Planned) => Promise<void>
    signal: AbortSignal
    /** Told when the next is due, before it is waited for. */
    onNext?: (atMs: number) => void
  },
): Promise<void> {
  for (const [index, next] of planned.entries()) {
    if (!(await lane.clock.until(next.atMs, lane.signal))) return
    lane.onNext?.(planned[index + 1]?.atMs ?? Number.POSITIVE_INFINITY)
    await lane.act(next)
  }
}
