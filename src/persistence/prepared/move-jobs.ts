const BATCH = 200

/** A statement that moves waiting jobs to the queue. */
export type MoveJobs = { name: string; text: string; batch: number }

/**
 * Moves jobs from where transactions leave them to the queue, whose notification makes a transaction wait in one line with all
 * others of the server until the commit is on disk. This one does not wait for the disk: were it lost, the jobs would be where
 * they were. In the order of their keys, so that two nodes that move the same ones do not wait for each other for ever.
 * `isTimed` where each job says when it is due.
 */
export function moveJobs(table: string, { isTimed }: { isTimed: boolean }): MoveJobs {
  const runAt = isTimed ? 'run_at => m.run_at, ' : ''
  const text = `
  with moved as (
    delete from ${table} where id in (select id from ${table} order by id limit ${BATCH} for update skip locked) returning *
  )
  select graphile_worker.add_job(m.task, payload => m.payload, queue_name => m.queue, ${runAt}max_attempts => m.attempts,
           job_key => m.key), set_config('synchronous_commit', 'off', true)
  from (select * from moved order by key, id) m`
  return { name: `dispatch-${table.replace('_', '-')}`, text, batch: BATCH }
}
