import type { TrunkName } from '../calls/trunk-ports.ts'
import type { Sql } from './sql.ts'

/** How a trunk is doing. */
export type TrunkStanding = {
  /** The machine of the node that registers it and asks for it; null while none does. */
  keptBy: string | null
  /** Null where there is nothing to register, or nothing is known yet. */
  registration: { until: Date | null; error: string | null; at: Date } | null
  /** Of the last OPTIONS; null before the first. `failures` are those in a row. */
  server: {
    status: number | null
    error: string | null
    failures: number
    failingSince: Date | null
    roundTripMs: number | null
    at: Date
  } | null
  names: TrunkName[]
  liveCalls: number
}

type Row = {
  id: string
  keptBy: string | null
  registeredUntil: Date | null
  registrationError: string | null
  registrationAt: Date | null
  serverStatus: number | null
  serverError: string | null
  serverFailures: number | null
  serverFailingSince: Date | null
  serverRoundTripMs: number | null
  serverAt: Date | null
  names: TrunkName[] | null
  liveCalls: number
}

export const UNKNOWN_STANDING: TrunkStanding = {
  keptBy: null,
  registration: null,
  server: null,
  names: [],
  liveCalls: 0,
}

/** By the trunk's id. What a node that is gone has said of a registration is past when its time is over. */
export async function standings(sql: Sql): Promise<Map<string, TrunkStanding>> {
  const rows = await sql<Row>(STANDINGS)
  return new Map(rows.map((row) => [row.id, standingIn(row)]))
}

/** How many trunks are switched on, and how many of them are not registered where they should be, or do not answer. */
export async function countTrunks(sql: Sql): Promise<{ all: number; inTrouble: number }> {
  const [counts] = await sql<{ all: number; inTrouble: number }>(
    `select count(*)::int as "all", (count(*) filter (where ${IN_TROUBLE}))::int as "inTrouble"
     from trunk t left join trunk_state s on s.trunk_id = t.id where t.enabled`,
  )
  return counts ?? { all: 0, inTrouble: 0 }
}

const IS_REGISTERED = 'coalesce(s.registered_until > clock_timestamp(), false)'
const IN_TROUBLE = `(t.registration is not null and not ${IS_REGISTERED}) or coalesce(s.server_failures, 0) > 0`

const STANDINGS = `
  select t.id, n.host as "keptBy", case when ${IS_REGISTERED} then s.registered_until end as "registeredUntil",
    s.registration_error as "registrationError", s.registration_at as "registrationAt", s.server_status as "serverStatus",
    s.server_error as "serverError", s.server_failures as "serverFailures", s.server_failing_since as "serverFailingSince",
    s.server_round_trip_ms as "serverRoundTripMs", s.server_at as "serverAt", s.names,
    (select count(*)::int from trunk_call c where c.trunk_id = t.id
      and exists (select 1 from service_node m where m.id = c.node_id)) as "liveCalls"
  from trunk t left join trunk_state s on s.trunk_id = t.id
    left join service_node n on n.id = s.node_id and s.kept_until > clock_timestamp()`

const dateOf = (value: Date | string | null): Date | null => (value === null ? null : new Date(value))

function standingIn(row: Row): TrunkStanding {
  const { keptBy, registrationAt, registrationError, serverAt, names, liveCalls } = row
  return {
    keptBy,
    liveCalls,
    names: names ?? [],
    registration: registrationAt && {
      until: dateOf(row.registeredUntil),
      error: registrationError,
      at: new Date(registrationAt),
    },
    server: serverAt && {
      status: row.serverStatus,
      error: row.serverError,
      failures: row.serverFailures ?? 0,
      failingSince: dateOf(row.serverFailingSince),
      roundTripMs: row.serverRoundTripMs,
      at: new Date(serverAt),
    },
  }
}
