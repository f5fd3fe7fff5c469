import type { Database } from './database.ts'
import { IS_ALIVE } from './node-registry.ts'
import { sqlOf } from './sql.ts'

/** Many calls ask at once when a release is rolled out; nodes come and go far more slowly. */
const REMEMBER_MS = 1_000

/** Which charts the living nodes know, and the events that wait for one of them. */
export type KnownCharts = {
  /** The first of these names by which a living node knows a chart, as of a second ago at most. */
  find(names: string[]): Promise<string | null>
  /** Renames the jobs whose task is `prefix` and a chart that no living node knows: any node takes them as `task`. */
  adoptJobs(of: { prefix: string; task: string }): Promise<void>
}

export function createKnownCharts(database: Database): KnownCharts {
  const run = sqlOf(database)
  const remembered = new Map<string, { until: number; answer: Promise<string | null> }>()

  async function ask(names: string[]): Promise<string | null> {
    const [known] = await run<{ name: string }>(FIND, [JSON.stringify(names)])
    return known?.name ?? null
  }

  return {
    async find(names) {
      const [now, key] = [performance.now(), names.join(' ')]
      const known = remembered.get(key)
      if (known && known.until > now) return known.answer
      const answer = ask(names)
      answer.catch(() => remembered.delete(key))
      remembered.set(key, { until: now + REMEMBER_MS, answer })
      return answer
    },

    async adoptJobs({ prefix, task }) {
      await run(ADOPT, [prefix, prefix, task])
    },
  }
}

const FIND = `
  select wanted.name from jsonb_array_elements_text(?::jsonb) with ordinality as wanted(name, place)
  where exists (select 1 from service_node n where wanted.name = any(n.charts) and ${IS_ALIVE})
  order by wanted.place limit 1`

/** Parameters: the prefix, twice, and the task. */
const ADOPT = `
  with orphaned as (
    select j.id from graphile_worker.jobs j
    where starts_with(j.task_identifier, ?) and not exists (
      select 1 from service_node n where substr(j.task_identifier, length(?) + 1) = any(n.charts) and ${IS_ALIVE})
  ),
  taken as (select * from graphile_worker.complete_jobs(array(select id from orphaned)))
  select graphile_worker.add_job(?, payload => t.payload, job_key => t.key, max_attempts => t.max_attempts)
  from taken t`
