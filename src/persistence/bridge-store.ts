import type { BridgeRegister, HeldBridge } from '../calls/bridge-keeper.ts'
import type { Orphan } from '../calls/orphans.ts'
import type { Database } from './database.ts'
import { hasSession } from './node-registry.ts'
import { sqlOf } from './sql.ts'

/** Which node holds the media session of each call that is bridged: the event log knows who took the stream. */
export function createBridgeStore(database: Database): BridgeRegister {
  const run = sqlOf(database)
  return {
    heldBy: (nodeId) => run<HeldBridge>(`${BRIDGES} where h.node_id = ?`, [nodeId]),
    movableFrom: (nodeId) =>
      run<HeldBridge>(`${LAST_WORDS_TOO} where h.node_id = ? and ${HAS_LEG_ELSEWHERE}`, [nodeId]),
    heldByNobody: () => run<HeldBridge & Orphan>(OF_NOBODY),
  }
}

/** A SIP leg that the same process holds goes nowhere without it. */
const HAS_LEG_ELSEWHERE =
  'not exists (select 1 from sip_leg l where l.leg_id = h."legId" and l.node_id::text = h.node_id)'

const bridges = ({ columns = '', which = 'c.is_bridged' } = {}) => `
  select h.id as "callId", h."legId", h.provider, h."bridgeNumber"${columns} from (
    select c.id, l.id as "legId", l.provider, c.bridge_number as "bridgeNumber", (
      select e.event->>'node' from call_event e
      where e.call_id = c.id and e.type = 'media.joined' order by e.seq desc limit 1
    ) as node_id
    from call_log c join call_leg l on l.call_id = c.id and l.role = 'caller' where c.ended_at is null and ${which}
  ) h`

const BRIDGES = bridges()
/** A relay still plays what an agent said last. */
const LAST_WORDS_TOO = bridges({ which: '(c.is_bridged or c.awaits_last_word)' })

const OF_NOBODY = `${bridges({ columns: `, ${hasSession('h.node_id')} as "mayLive"` })}
  where not exists (select 1 from service_node n where n.id::text = h.node_id)`
