import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/**
 * Has a module do what would hold up callers, in a thread of its own for each task and one task at a time, since each takes
 * a multiple of its size. The module reads `workerData` and posts one message. Rejects with what it throws, or when it needs
 * more than `heapMb`.
 */
export function inOwnThread<Task, Result>(
  module: URL,
  { heapMb }: { heapMb: number },
): (task: Task) => Promise<Result> {
  let lastOne: Promise<unknown> = Promise.resolve()
  return (task) => {
    const mine = lastOne.then(() => run<Result>(module, task, heapMb))
    lastOne = mine.catch(() => {})
    return mine
  }
}

async function run<Result>(module: URL, workerData: unknown, heapMb: number): Promise<Result> {
  const worker = new Worker(module, { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMb } })
  try {
    const [result] = (await once(worker, 'message')) as [Result]
    return result
  } finally {
    await worker.terminate()
  }
}
