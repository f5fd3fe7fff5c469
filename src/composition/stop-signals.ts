import { type Clock, systemClock } from '../runtime/clock.ts'

/*
 * The signals that ask for an end. npm passes each on that its group was sent, too, so that one request arrives twice within
 * milliseconds: systemd and Ctrl-C signal the whole group.
 */

/** What comes sooner is the same request. */
const SAME_REQUEST_MS = 1_000

export type StopRequests = {
  /** The first request: calls may end in peace. */
  stop: (signal: NodeJS.Signals) => void
  /** Another one: end now, in order. */
  hurry: () => void
}

/** Answers what receives a signal. */
export function stopRequests(
  { stop, hurry }: StopRequests,
  clock: Pick<Clock, 'now'> = systemClock,
): (signal: NodeJS.Signals) => void {
  const steps = [stop, hurry]
  let last = Number.NEGATIVE_INFINITY
  return (signal) => {
    const isSame = clock.now() - last < SAME_REQUEST_MS
    if (isSame) return
    last = clock.now()
    steps.shift()?.(signal)
  }
}

export function onStopSignals(requests: StopRequests): void {
  const receive = stopRequests(requests)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, receive)
}
