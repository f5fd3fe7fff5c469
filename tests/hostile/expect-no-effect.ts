import { expect } from 'vitest'
import type { ScriptedWorld } from '../support/scripted-world.ts'
import { until } from '../support/until.ts'

/*
 * What a request that is refused must leave as it was, and what it must leave behind: nothing in the database, and a count.
 */

/**
 * One line a table: a digest of all its rows. Which nodes live and when the greeting is rendered is no request's doing, and
 * what was tried is kept.
 */
async function fingerprint({ db }: ScriptedWorld): Promise<Record<string, string>> {
  const tables = await db.query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname = 'public' and tablename not in ('service_node', 'audit_entry', 'audio_asset')
        or schemaname = 'graphile_worker' and tablename = '_private_jobs' order by name`,
  )
  const digests = tables.map(
    ({ name }) =>
      `select '${name}' as name, md5(string_agg(t::text, '' order by t::text)) as rows from ${name} t`,
  )
  const found = await db.query<{ name: string; rows: string }>(digests.join(' union all '))
  return Object.fromEntries(found.map(({ name, rows }) => [name, rows]))
}

/**
 * Calls that earlier tests have left would go on by themselves: no timer of theirs runs out, and no job is under way but
 * clones, which wait for the test.
 */
async function holdTime({ db }: ScriptedWorld): Promise<void> {
  await db.query(`update call_timer set due_at = due_at + interval '1 hour'`)
  await until('no job is under way', async () => {
    const jobs = await db.query(
      `select 1 from actor_job union all
       select 1 from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
       where t.identifier <> 'clone-voice' and j.attempts < j.max_attempts and j.run_at <= now()`,
    )
    return jobs.length === 0
  })
}

/** How many requests this node has refused, by reason. */
async function rejections({ node, adminKey }: ScriptedWorld): Promise<Record<string, number>> {
  const response = await fetch(`${node.origin}/metrics`, { headers: { 'x-api-key': adminKey } })
  const lines = (await response.text()).matchAll(/^precall_http_rejections_total\{reason="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...lines].map(([, reason = '', count]) => [reason, Number(count)]))
}

/** Does something to the service that must change nothing. */
export async function unchanged<Result>(world: ScriptedWorld, act: () => Promise<Result>): Promise<Result> {
  await holdTime(world)
  const before = await fingerprint(world)
  const result = await act()
  expect(await fingerprint(world), 'the database').toEqual(before)
  return result
}

/** Does something to the service that must change nothing, and be counted once under each of these reasons. */
export async function harmless<Result>(
  world: ScriptedWorld,
  counted: string[],
  act: () => Promise<Result>,
): Promise<Result> {
  const expected = await rejections(world)
  const result = await unchanged(world, act)
  for (const reason of counted) expected[reason] = (expected[reason] ?? 0) + 1
  expect(await rejections(world), 'precall_http_rejections_total').toEqual(expected)
  return result
}

/** An answer in the form of RFC 9457 that says what is wrong. */
export async function expectProblem(response: Response, status: number): Promise<void> {
  const body = await response.text()
  expect(response.status, body).toBe(status)
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  const problem = JSON.parse(body) as { status: number; title: string; detail: string }
  expect(problem).toMatchObject({ status, title: expect.any(String) })
  expect(problem.detail.length).toBeGreaterThan(10)
}
