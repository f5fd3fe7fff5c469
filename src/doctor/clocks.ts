import type pg from 'pg'
import { ClockOffset, clockVerdict } from '../persistence/clock-offset.ts'
import { connectClient } from '../persistence/connect.ts'
import { type Finding, ok, warn } from './finding.ts'

const LIMIT_MS = 5_000

/** This machine's clock, and those of the nodes that live. */
export async function examineClocks(url: string): Promise<Finding[]> {
  const own = {
    application_name: 'precall doctor',
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
  }
  const client = await connectClient(url, own)
  try {
    return await compareClocks(client)
  } finally {
    await client.end()
  }
}

async function compareClocks(client: pg.Client): Promise<Finding[]> {
  const clock = new ClockOffset()
  const [before, sentAt] = [Date.now(), performance.now()]
  const { rows } = await client.query<{ now: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  )
  clock.measured({ before, tripMs: performance.now() - sentAt, databaseMs: rows[0]?.now ?? before })
  const here = clockFinding('this machine', clock.offsetMs ?? 0)
  const away = (await nodeClocks(client)).filter(({ offsetMs }) => clockVerdict(offsetMs) !== 'ok')
  return [here, ...away.map(({ host, offsetMs }) => clockFinding(`the node on ${host}`, offsetMs))]
}

function clockFinding(whose: string, offsetMs: number): Finding {
  const verdict = clockVerdict(offsetMs)
  if (verdict === 'ok')
    return ok('database clock', `${whose} and the database differ by ${Math.abs(offsetMs).toFixed(0)} ms`)
  return warn(
    'database clock',
    `${whose} is ${verdict}: what is written down there has wrong times`,
    'let chrony or systemd-timesyncd set the clocks of that machine and of the database server',
  )
}

/** A database that no service of this version has used yet has no such columns. */
async function nodeClocks(client: pg.Client): Promise<{ host: string; offsetMs: number }[]> {
  const { rows: tables } = await client.query<{ mayRead: boolean }>(
    `select has_table_privilege(to_regclass('service_node'), 'select') is true as "mayRead"`,
  )
  if (!tables[0]?.mayRead) return []
  const { rows } = await client.query<{ host: string; offsetMs: number }>(
    `select to_jsonb(n)->>'host' as host, (to_jsonb(n)->>'clock_offset_ms')::float8 as "offsetMs"
     from service_node n where (to_jsonb(n)->>'heartbeat_at')::timestamptz > now() - interval '5 seconds'
       and to_jsonb(n)->>'clock_offset_ms' is not null`,
  )
  return rows
}
