import type { Orphan } from '../calls/orphans.ts'
import type { AbandonedLeg, LegRegister } from '../telephony/sip/sip-ports.ts'
import type { Database } from './database.ts'
import { hasSession } from './node-registry.ts'
import { sqlOf } from './sql.ts'

export type SipLegStore = LegRegister & {
  /** The live calls whose legs are held by nodes that are gone. */
  abandonedCalls(): Promise<({ callId: string } & Orphan)[]>
}

/** Which SIP legs this node holds, and what other nodes held. */
export function createSipLegStore(database: Database, nodeId: string): SipLegStore {
  const run = sqlOf(database)
  return {
    async hold({ legId, callId, mediaServer, channel, dialogId }) {
      await run(
        `insert into sip_leg (leg_id, call_id, node_id, media_server, channel, dialog_id)
         values (?, ?, ?, ?, ?, ?)`,
        [legId, callId, nodeId, mediaServer, channel, dialogId],
      )
    },
    async answered(legId, dialogId) {
      await run('update sip_leg set dialog_id = ? where leg_id = ?', [dialogId, legId])
    },
    async moved(legId, { mediaServer, channel }) {
      await run('update sip_leg set media_server = ?, channel = ? where leg_id = ?', [
        mediaServer,
        channel,
        legId,
      ])
    },
    async calling(legId, invite) {
      await run('update sip_leg set invite_transaction_id = ?, invite_dialog_id = ? where leg_id = ?', [
        invite?.transactionId ?? null,
        invite?.dialogId ?? null,
        legId,
      ])
    },
    async release(legId) {
      await run('delete from sip_leg where leg_id = ? and node_id = ?', [legId, nodeId])
    },
    takeAbandoned: () =>
      run<AbandonedLeg>(
        `delete from sip_leg l using call_leg g where g.id = l.leg_id and ${IS_ABANDONED} and not ${MAY_LIVE}
         returning g.id as "legId", g.call_id as "callId", g.provider_call_id as "providerCallId",
                   media_server as "mediaServer", channel, dialog_id as "dialogId", ${INVITE} as invite`,
      ),
    abandonedCalls: () =>
      run<{ callId: string } & Orphan>(
        `select c.id as "callId", ${MAY_LIVE} as "mayLive"
         from sip_leg l join call_leg g on g.id = l.leg_id join call_log c on c.id = g.call_id where c.ended_at is null and ${IS_ABANDONED}`,
      ),
  }
}

const INVITE = `case when invite_transaction_id is not null then
  json_build_object('transactionId', invite_transaction_id, 'dialogId', invite_dialog_id) end`

/** Its row may be gone for as long as a heartbeat takes, its session too only with itself. */
const MAY_LIVE = hasSession('l.node_id')

/** The registry forgets a node only once it is sure that it is gone. */
const IS_ABANDONED = 'not exists (select 1 from service_node n where n.id = l.node_id)'
