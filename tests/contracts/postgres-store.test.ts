import pino from 'pino'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { openCallPool } from '../../src/persistence/database.ts'
import { JobDispatcher } from '../../src/persistence/job-dispatcher.ts'
import { openTestDatabase } from '../support/open-database.ts'
import { type StoreUnderTest, storeContract } from './store-contract.ts'

const log = pino({ level: 'silent' })

storeContract('PostgreSQL', async (): Promise<StoreUnderTest> => {
  const db = await openTestDatabase()
  const second = openCallPool(db.url, log)
  return {
    stores: [createCallStore(db.callPool), createCallStore(second)],
    // Nobody can turn the clock of a database.
    async passTime(ms) {
      await db.query(`update call_timer set due_at = due_at - $1 * interval '1 millisecond'`, [ms])
    },
    async know(caller, sampleKey) {
      await db.query(
        `insert into caller_voice_mapping (caller_id, name, sample_key, consent_by, consent_at)
         values ($1, 'Known', $2, 'Known', now())`,
        [caller, sampleKey],
      )
    },
    events: (callId) =>
      db.query('select seq, type from call_event where call_id = $1 order by seq', [callId]),
    async jobs() {
      const dispatcher = new JobDispatcher({ pool: db.callPool, log })
      dispatcher.dispatch()
      await dispatcher.settled()
      const jobs = await db.query<{ task: string }>(
        'select task_identifier as task from graphile_worker.jobs order by id',
      )
      return jobs.map(({ task }) => task)
    },
    async empty() {
      for (const table of ['call_log', 'caller_voice_mapping', 'call_job', 'graphile_worker._private_jobs'])
        await db.query(`delete from ${table}`)
    },
    async close() {
      await second.end()
      await db.drop()
    },
  }
})
