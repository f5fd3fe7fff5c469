import { defineEntity, p } from '@mikro-orm/core'
import { CallLeg } from './call-leg.entity.ts'

/** A SIP leg and the process that holds it; the row goes with the leg, so what is left was left behind. */
const SipLegSchema = defineEntity({
  name: 'SipLeg',
  tableName: 'sip_leg',
  properties: {
    leg: () =>
      p
        .oneToOne(CallLeg)
        .primary()
        .updateRule('no action')
        .deleteRule('cascade')
        .foreignKeyName('sip_leg_leg_id_fkey'),
    /** What nodes of the release before know a leg by; a trigger makes a leg of it. */
    callId: p.uuid(),
    nodeId: p.uuid(),
    /** The FreeSWITCH, as host:port. */
    mediaServer: p.string(),
    channel: p.string(),
    /** drachtio-server's name for the dialog; null until the call is answered. */
    dialogId: p.string().nullable(),
    /** drachtio-server's names for the INVITE to a party that is called in the caller's place; null while there is none. */
    inviteTransactionId: p.string().nullable(),
    inviteDialogId: p.string().nullable(),
  },
  indexes: [{ name: 'sip_leg_node', properties: ['nodeId'] }],
})
export class SipLeg extends SipLegSchema.class {}
SipLegSchema.setClass(SipLeg)
