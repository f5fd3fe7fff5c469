import type { NoPlace, TrunkRegister } from '../calls/trunk-ports.ts'
import type { Database } from './database.ts'
import { IS_ALIVE } from './node-registry.ts'
import { sqlOf } from './sql.ts'
import { readTrunks } from './trunk-store.ts'

/** The trunks as one node that holds SIP legs uses them, beside the others. */
export function createTrunkRegister(database: Database, nodeId: string): TrunkRegister {
  const run = sqlOf(database)
  return {
    list: () => readTrunks(database),
    async keep(trunkIds, leaseMs) {
      const kept = await run<{ id: string }>(KEEP, [nodeId, leaseMs, JSON.stringify(trunkIds)])
      await run(FORGET_CALLS_OF_NOBODY)
      return kept.map(({ id }) => id)
    },
    async leave() {
      await run('update trunk_state set node_id = null, kept_until = null where node_id = ?', [nodeId])
      const others = await run(
        `select 1 from service_node n where n.id <> ? and 'sip' = any(n.roles) and n.takes_calls and ${IS_ALIVE} limit 1`,
        [nodeId],
      )
      return others.length > 0
    },
    async tellRegistration(trunkId, { grantedSeconds, error }) {
      await run(TELL_REGISTRATION, [grantedSeconds, error, trunkId, nodeId])
    },
    async tellServer(trunkId, { status, roundTripMs, error }) {
      await run(TELL_SERVER, [status, roundTripMs, error, trunkId, nodeId])
    },
    async tellNames(trunkId, names) {
      await run('update trunk_state set names = ?::jsonb where trunk_id = ? and node_id = ?', [
        JSON.stringify(names),
        trunkId,
        nodeId,
      ])
    },
    async takePlace(trunkId, placeId) {
      const [taken] = await run<{ why: NoPlace | null }>('select take_trunk_place(?, ?, ?) as why', [
        trunkId,
        placeId,
        nodeId,
      ])
      return taken?.why ?? null
    },
    async leavePlace(placeId) {
      await run('delete from trunk_call where id = ?', [placeId])
    },
  }
}

/** A node that is gone is taken out of the list seconds before its time is over. Parameters: this node, the time in ms, the trunks. */
const KEEP = `
  insert into trunk_state as s (trunk_id, node_id, kept_until)
  select t.id, wanted.node, clock_timestamp() + make_interval(secs => wanted.ms / 1000)
  from trunk t, (select ?::uuid as node, ?::float8 as ms, ?::jsonb as trunks) as wanted
  where t.enabled and t.id in (select jsonb_array_elements_text(wanted.trunks)::uuid)
  on conflict (trunk_id) do update set node_id = excluded.node_id, kept_until = excluded.kept_until
  where s.node_id is null or s.node_id = excluded.node_id or s.kept_until < clock_timestamp()
     or not exists (select 1 from service_node n where n.id = s.node_id)
  returning trunk_id as id`

/** The leg holders that live end what such a call has left. */
const FORGET_CALLS_OF_NOBODY = `
  delete from trunk_call c where not exists (select 1 from service_node n where n.id = c.node_id)`

/** What was granted before lasts until its time is over, even if it could not be renewed. */
const TELL_REGISTRATION = `
  update trunk_state set registration_at = clock_timestamp(),
    registered_until = case when news.granted is not null then clock_timestamp() + make_interval(secs => news.granted)
                            when news.error is null then null else registered_until end,
    registration_error = news.error
  from (select ?::float8 as granted, ?::text as error) as news
  where trunk_id = ? and node_id = ?`

const TELL_SERVER = `
  update trunk_state set server_at = clock_timestamp(), server_status = news.status, server_error = news.error,
    server_round_trip_ms = news.ms,
    server_failures = case when news.error is null then 0 else server_failures + 1 end,
    server_failing_since = case when news.error is null then null else coalesce(server_failing_since, clock_timestamp()) end
  from (select ?::int as status, ?::float8 as ms, ?::text as error) as news
  where trunk_id = ? and node_id = ?`
