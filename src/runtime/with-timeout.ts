import { loopDelay } from './loop-delay.ts'

/**
 * What the promise resolves with, or a rejection with this reason when it takes longer, not counting the time for which our
 * own event loop stood still. The work behind it goes on; only nobody waits for it any more.
 */
export async function withTimeout<Value>(
  ms: number,
  promise: Promise<Value>,
  reason: string,
): Promise<Value> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const cancel = loopDelay.after(ms, () => reject(new Error(reason)))
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    cancel()
  }
}
