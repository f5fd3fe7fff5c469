import { defineEntity, p } from '@mikro-orm/core'
import type { LegRole } from '../../../machines/call-events.ts'
import type { EndReason } from '../../../machines/end-reasons.ts'
import type { Provider } from '../../calls/ports.ts'
import { CallLog } from './call.entity.ts'

/** One party's line in a call. It may be there before its carrier knows it. */
const CallLegSchema = defineEntity({
  name: 'CallLeg',
  tableName: 'call_leg',
  properties: {
    id: p.uuid().primary(),
    call: () =>
      p
        .manyToOne(CallLog)
        .updateRule('no action')
        .deleteRule('cascade')
        .foreignKeyName('call_leg_call_id_fkey'),
    /** What the party is to the call. */
    role: p.string().$type<LegRole>(),
    provider: p.string().$type<Provider>(),
    /** Twilio's CallSid or SIP's Call-ID; null until the carrier knows the leg. */
    providerCallId: p.string().nullable(),
    startedAt: p.datetime(),
    endedAt: p.datetime().nullable(),
    endReason: p.string().$type<EndReason>().nullable(),
  },
  uniques: [{ name: 'call_leg_provider_call', properties: ['provider', 'providerCallId'] }],
  indexes: [
    { name: 'call_leg_call', properties: ['call'] },
    { name: 'call_leg_provider_call_id', properties: ['providerCallId'] },
  ],
})
export class CallLeg extends CallLegSchema.class {}
CallLegSchema.setClass(CallLeg)
