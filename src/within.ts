/**
 * What the promise resolves with, or a rejection with this reason when it takes longer. The work behind it goes on; only
 * nobody waits for it any more.
 */
export async function within<Value>(ms: number, promise: Promise<Value>, reason: string): Promise<Value> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(reason)), ms)
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
