import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { JobDispatcher } from '../../src/persistence/job-dispatcher.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { until } from '../support/until.ts'

const log = pino({ level: 'silent' })

let db: OpenTestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.query('truncate actor_job')
  await db.query('delete from graphile_worker._private_jobs')
})

/** As steps leave them whose node then died. */
const ask = (count: number) =>
  db.query(
    `insert into actor_job (task, payload, key, queue, attempts)
     select 'hang-up-leg', json_build_object('callId', i), 'call-' || i, null, 8 from generate_series(1, $1::int) i`,
    [count],
  )

const waiting = () => db.query('select 1 from actor_job')
const queued = () =>
  db.query<{ key: string; attempts: number }>(
    'select key, max_attempts as attempts from graphile_worker.jobs order by id',
  )

it('hands over each job once, though two nodes find them, and more than one statement takes', async () => {
  await ask(450)
  const nodes = [0, 1].map(() => new JobDispatcher({ pool: db.callPool, log }))
  for (const node of nodes) node.dispatch()
  await Promise.all(nodes.map((node) => node.settled()))
  expect(await waiting()).toEqual([])
  const jobs = await queued()
  expect(jobs).toHaveLength(450)
  expect(new Set(jobs.map(({ key }) => key)).size).toBe(450)
  expect(jobs[0]?.attempts).toBe(8)
})

it('finds the jobs of voices that a node left behind, which keep their time', async () => {
  await db.query(
    `insert into voice_job (task, payload, key, queue, attempts, run_at)
     values ('expire-voice', '{}', 'expire:1', 'clone:1', 25, now() + interval '1 day')`,
  )
  const node = new JobDispatcher({ pool: db.callPool, log })
  node.start()
  await until('it is handed over', async () => (await queued()).length === 1)
  await node.stop()
  expect(await db.query('select 1 from voice_job')).toEqual([])
  expect(await queued()).toEqual([{ key: 'expire:1', attempts: 25 }])
  const due = await db.query(`select 1 from graphile_worker.jobs where run_at > now() + interval '23 hours'`)
  expect(due).toHaveLength(1)
})

it('finds what a node left behind that died, and does so again when it failed', async () => {
  const warnings: object[] = []
  let isAway = true
  const query = ((...args: Parameters<typeof db.callPool.query>) => {
    if (isAway) return Promise.reject(new Error('The database is away.'))
    return db.callPool.query(...args)
  }) as typeof db.callPool.query
  const node = new JobDispatcher({
    pool: { query },
    log: pino({ level: 'warn' }, { write: (line) => void warnings.push(JSON.parse(line)) }),
  })
  node.start()
  await until('it has tried', () => warnings.length > 0)
  await ask(1)
  isAway = false
  await until('the job is handed over', async () => (await queued()).length === 1)
  await node.stop()
  expect(await waiting()).toEqual([])
})
