/** The promise, or a rejection with this reason when it takes longer; nothing is left running either way. */
export async function within<Value>(ms: number, promise: Promise<Value>, reason: string): Promise<Value> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(reason)), ms)
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
