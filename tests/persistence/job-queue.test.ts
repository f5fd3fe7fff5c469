import { EventEmitter, once } from 'node:events'
import type { WorkerEvents, WorkerPool } from 'graphile-worker'
import pg from 'pg'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type JobQueue, startJobQueue, type TaskHandlers } from '../../src/persistence/job-queue.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const log = pino({ level: 'silent' })

let db: TestDatabase
let queues: JobQueue[]

beforeEach(async () => {
  db = await createTestDatabase()
  queues = []
})
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.stop()))
  await db.drop()
})

async function start(...groups: TaskHandlers[]): Promise<JobQueue> {
  const queue = await startJobQueue(db.url, groups, log)
  queues.push(queue)
  return queue
}

const add = (task: string, queue: string | null, runAt = 'now()') =>
  db.query(`select graphile_worker.add_job($1, '{}', queue_name => $2, run_at => ${runAt})`, [task, queue])

/** A task that says when it begins and ends when it is told to. */
function slowTask() {
  const happens = new EventEmitter()
  const began = once(happens, 'began')
  const handler = async () => {
    happens.emit('began')
    await once(happens, 'finish')
  }
  return { handler, began, finish: () => happens.emit('finish') }
}

/** Resolves when the task has been done `times` times. */
function counted(times = 1) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = times
  const handler = async () => {
    if (--left === 0) resolve()
  }
  return { handler, done: promise }
}

describe('the job queue', () => {
  it('locks jobs in a name by which they can be freed when the node is gone', async () => {
    const slow = slowTask()
    const queue = await start({ slow: slow.handler })
    await add('slow', 'line')
    await slow.began
    const [locks] = await db.query<{ job: string; line: string }>(
      `select j.locked_by as job, q.locked_by as line
       from graphile_worker._private_jobs j join graphile_worker._private_job_queues q on q.id = j.job_queue_id`,
    )
    expect(queue.workerIds).toEqual([locks?.job])
    expect(locks?.line).toBe(locks?.job)
    slow.finish()
  })

  it('does the jobs of one group while those of another take up all their hands', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const quick = counted()
    await start({ waits: () => released }, { quick: quick.handler })
    await Promise.all(Array.from({ length: 20 }, () => add('waits', null)))
    await add('quick', null)
    await quick.done
    release()
  })

  it('lets a job that is due later hold up nothing in its line', async () => {
    const later = counted()
    const now = counted(3)
    await start({ later: later.handler, now: now.handler })
    await add('later', 'line', `now() + interval '1 day'`)
    for (let i = 0; i < 3; i++) await add('now', 'line')
    await now.done
  })

  it('does the jobs of one line one after the other, on whatever node', async () => {
    let atOnce = 0
    let most = 0
    const all = counted(10)
    const client = new pg.Client({ connectionString: db.url })
    await client.connect()
    const handler = async () => {
      most = Math.max(most, ++atOnce)
      await client.query('select 1')
      atOnce--
      await all.handler()
    }
    await start({ job: handler })
    await start({ job: handler })
    await Promise.all(Array.from({ length: 10 }, () => add('job', 'line')))
    await all.done
    await client.end()
    expect(most).toBe(1)
  })

  it('goes on when a runner ends by itself, and says that it does not run meanwhile', async () => {
    const events = new EventEmitter() as WorkerEvents
    const pools: WorkerPool[] = []
    events.on('pool:create', ({ workerPool }) => pools.push(workerPool))
    const renamed: (readonly string[])[] = []
    const tasks = counted(2)
    const queue = await startJobQueue(db.url, [{ task: tasks.handler }], log, {
      events,
      firstRetryMs: 200,
      onNewWorkers: async (workerIds) => {
        renamed.push([...workerIds])
      },
    })
    queues.push(queue)
    await add('task', null)
    expect(queue.isRunning).toBe(true)
    await pools[0]?.gracefulShutdown('on purpose')
    await vi.waitFor(() => expect(queue.isRunning).toBe(false))
    await vi.waitFor(() => expect(queue.isRunning).toBe(true))
    expect(renamed).toEqual([pools.map(({ id }) => id)])
    await add('task', null)
    await tasks.done
  })
})
