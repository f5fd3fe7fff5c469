import type pg from 'pg'
import type { Config } from '../config/config.ts'
import { connectClient } from '../persistence/connect.ts'
import { standings, type TrunkStanding, UNKNOWN_STANDING } from '../persistence/trunk-standing.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'

const LIMIT_MS = 5_000
/** The name of each trunk follows. */
const LINE = 'trunk'
const PAGE = 'the Trunks page of the console; docs/trunks.md has recipes'

type Trunk = {
  id: string
  name: string
  enabled: boolean
  registers: boolean
  isAsked: boolean
  maxCalls: number | null
}

/** The trunks that are set up at run time, as the node that keeps each says of it. */
export async function examineTrunks(url: string, { sip }: Config): Promise<Finding[]> {
  if (!sip.enabled) return []
  const own = {
    application_name: 'precall doctor',
    connectionTimeoutMillis: LIMIT_MS,
    query_timeout: LIMIT_MS,
  }
  const client = await connectClient(url, own)
  try {
    const trunks = await trunksIn(client)
    const isAnybody = sip.trunks.length + sip.users.length > 0 || trunks.some(({ enabled }) => enabled)
    const general = isAnybody ? [] : [NOBODY]
    if (trunks.length === 0) return general
    const known = await standings(async (statement) => (await client.query(statement)).rows)
    return [...general, ...trunks.map((trunk) => findingOf(trunk, known.get(trunk.id) ?? UNKNOWN_STANDING))]
  } finally {
    await client.end()
  }
}

const NOBODY = fail(
  'sip trunks',
  'nobody may call over SIP: SIP_TRUNKS and SIP_USERS are not set, and no trunk is set up',
  `set one of them, or set up a trunk on ${PAGE}`,
)

/** A database that no service of this version has used yet has no such tables. */
async function trunksIn(client: pg.Client): Promise<Trunk[]> {
  const { rows: tables } = await client.query<{ mayRead: boolean }>(
    `select has_table_privilege(to_regclass('trunk'), 'select') is true
       and has_table_privilege(to_regclass('trunk_state'), 'select') is true as "mayRead"`,
  )
  if (!tables[0]?.mayRead) return []
  const { rows } = await client.query<Trunk>(
    `select id, name, enabled, registration is not null as registers, max_calls as "maxCalls",
       server is not null and options_seconds is not null as "isAsked"
     from trunk order by created_at, id`,
  )
  return rows
}

function findingOf(trunk: Trunk, { keptBy, registration, server, names, liveCalls }: TrunkStanding): Finding {
  const name = [LINE, trunk.name].join(' ')
  if (!trunk.enabled) return skip(name, 'it is switched off')
  if (keptBy === null) return skip(name, 'no process that holds SIP legs runs: how it is doing is not known')
  if (trunk.registers && !registration?.until)
    return fail(
      name,
      `not registered: ${registration?.error ?? 'there is no answer yet'}`,
      `correct it on ${PAGE}`,
    )
  if (trunk.isAsked && server?.error) {
    const since = server.failingSince ? ` since ${server.failingSince.toISOString()}` : ''
    return warn(name, `its server fails${since}: ${server.error}`, `correct server and transport on ${PAGE}`)
  }
  const lost = names.find(({ fault }) => fault !== null)
  if (lost)
    return warn(name, `${lost.name} cannot be resolved (${lost.fault})`, `correct the name on ${PAGE}`)
  const said = [
    ...(trunk.registers ? [`registered until ${registration?.until?.toISOString()}`] : []),
    ...(trunk.isAsked && server ? [`its server answers OPTIONS (${server.status})`] : []),
    `${liveCalls}${trunk.maxCalls === null ? '' : ` of ${trunk.maxCalls}`} calls`,
  ]
  return ok(name, said.join(', '))
}
