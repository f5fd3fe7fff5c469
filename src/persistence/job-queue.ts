import { EventEmitter, once } from 'node:events'
import {
  Logger as GraphileLogger,
  type JobHelpers,
  run,
  runMigrations,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker'
import pg from 'pg'
import type { Logger } from 'pino'
import { withTimeout } from '../runtime/with-timeout.ts'
import { poolConfig, withPool } from './connect.ts'
import { patient } from './retrying-pool.ts'
import { SupervisedRunner } from './supervised-runner.ts'

/** Jobs of one group that a node works on at the same time. */
const CONCURRENCY = 12
/** For all groups together: a connection is only held to fetch a job, to put it away, and by each group to listen. */
const POOL_SIZE = 12
const POLL_MS = 1_000
/** What a job may still take when the node stops; one that waits for a vendor may take minutes. */
const GRACE_MS = 5_000
/** Jobs that were given up are put away in moments, unless the database is away: then the runner would try for ever. */
const PUT_AWAY_MS = 3_000

/**
 * `signal` aborts when the node stops and the job has had its time: one that rejects then is done by another node. `addedAt`
 * is when the job was asked for, by the database's clock.
 */
export type TaskHandlers = Record<
  string,
  (payload: never, signal: AbortSignal, addedAt: Date) => Promise<void>
>

export type JobQueue = {
  /** The names under which this node takes jobs; they free its jobs when it is gone. */
  readonly workerIds: readonly string[]
  /** False while a group's jobs are not taken, because its runner ended by itself. */
  readonly isRunning: boolean
  /** Stops taking jobs and waits for those under way, which are asked to give up when their grace is over. */
  stop(): Promise<void>
}

/** Creates or updates the queue's own schema; call it under the migration lock. */
export const migrateJobQueue = (url: string, log: Logger): Promise<void> =>
  withPool(url, (pgPool) => runMigrations({ pgPool, logger: graphileLogger(log) }))

export type JobQueueOptions = {
  graceMs?: number
  firstRetryMs?: number
  /** Told when this node takes jobs under new names, besides those that it had. */
  onNewWorkers?: (workerIds: readonly string[]) => Promise<void>
  /** What graphile-worker tells of itself; its own by default. */
  events?: WorkerEvents
}

/**
 * Takes jobs as they come: graphile-worker hears of new ones through NOTIFY and polls for those that fell due. Each group
 * of tasks has hands of its own, so that jobs that wait for one vendor never keep those for another waiting.
 */
export async function startJobQueue(
  url: string,
  groups: TaskHandlers[],
  log: Logger,
  options: JobQueueOptions = {},
): Promise<JobQueue> {
  const { graceMs = GRACE_MS, firstRetryMs, events = new EventEmitter() as WorkerEvents } = options
  const workerIds: string[] = []
  // Jobs are locked in the pool's name, not in its workers'.
  events.on('pool:create', ({ workerPool }) => workerIds.push(workerPool.id))
  const pool = connect(url, log)
  let isStarted = false
  const tellNewWorkers = () =>
    options
      .onNewWorkers?.(workerIds)
      .catch((error: unknown) => log.warn({ err: error }, 'the new names of the workers could not be kept'))
  const begin = async (tasks: TaskHandlers) => {
    // A job that comes before the queue listens would wait for the next poll.
    const listening = once(events, 'pool:listen:success')
    const runner = await run({
      pgPool: patient(pool),
      taskList: taskList(tasks),
      concurrency: CONCURRENCY,
      pollInterval: POLL_MS,
      gracefulShutdownAbortTimeout: graceMs,
      noHandleSignals: true,
      noPreparedStatements: false,
      events,
      logger: graphileLogger(log),
    })
    await listening
    if (isStarted) await tellNewWorkers()
    return runner
  }
  const runners = groups.map(
    (tasks) => new SupervisedRunner({ begin: () => begin(tasks), log, firstRetryMs }),
  )
  for (const runner of runners) await runner.start()
  isStarted = true
  return {
    workerIds,
    get isRunning() {
      return runners.every((runner) => runner.isRunning)
    },
    async stop() {
      const stopped = (async () => {
        await Promise.all(runners.map((runner) => runner.stop()))
        await unlock(pool, workerIds)
        await pool.end()
      })()
      await withTimeout(
        graceMs + PUT_AWAY_MS,
        stopped,
        'The database is away, or a job does not give up.',
      ).catch((error: unknown) =>
        log.warn({ err: error }, 'jobs may still be locked; the other nodes free them'),
      )
    },
  }
}

/**
 * The runner does not wait for its last jobs to be put away: asked in line after them, and before the pool ends, this frees
 * what would else stay locked for hours, and with it every job of the same line.
 */
async function unlock(pool: pg.Pool, workerIds: string[]): Promise<void> {
  await pool.query('select graphile_worker.force_unlock_workers($1)', [workerIds])
}

/** A connection may break while it is idle and while it is in use; either way the queue gets another. */
function connect(url: string, log: Logger): pg.Pool {
  const pool = new pg.Pool(poolConfig(url, { max: POOL_SIZE }))
  const lost = (error: Error) => log.warn({ err: error }, 'a connection of the job queue was lost')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  return pool
}

function taskList(tasks: TaskHandlers): TaskList {
  const entries = Object.entries(tasks).map(([name, handle]) => [
    name,
    (payload: unknown, { abortSignal, job }: JobHelpers) =>
      handle(payload as never, abortSignal, new Date(job.created_at)),
  ])
  return Object.fromEntries(entries) as TaskList
}

/** The queue's chatter is kept to debug; what it cannot do is ours to know. */
function graphileLogger(log: Logger): GraphileLogger {
  return new GraphileLogger(() => (level, message, meta) => {
    const error = meta?.error
    if (level === 'error') log.error({ err: error }, message)
    else if (level === 'warning') log.warn({ err: error }, message)
    else log.debug(message)
  })
}
