import { defineEntity, p } from '@mikro-orm/core'
import { Agent } from './agent.entity.ts'

/** A link by which somebody calls from a browser, once. Of its token only the hash is kept. */
const PhoneLinkSchema = defineEntity({
  name: 'PhoneLink',
  tableName: 'phone_link',
  properties: {
    id: p.uuid().primary(),
    /** SHA-256 in hex. */
    tokenHash: p.string().length(64),
    /** The number that it calls, whatever the browser dials. */
    toNumber: p.string(),
    /** Who answers, when that is not the agent of the number. */
    agent: () =>
      p.manyToOne(Agent).nullable().deleteRule('cascade').foreignKeyName('phone_link_agent_id_fkey'),
    /** Whose call it is; null for nobody's. */
    callerNumber: p.string().nullable(),
    callerName: p.string().nullable(),
    createdAt: p.datetime(),
    expiresAt: p.datetime(),
    /** The user that exists for the one call, from the exchange until the call begins. */
    sipUser: p.string().nullable(),
    sipPassword: p.string().nullable(),
    credentialsExpireAt: p.datetime().nullable(),
    /** When the call began; the link is of no more use then. */
    usedAt: p.datetime().nullable(),
    /** The Call-ID of that call. */
    providerCallId: p.string().nullable(),
  },
  uniques: [
    { name: 'phone_link_token', properties: ['tokenHash'] },
    { name: 'phone_link_sip_user', properties: ['sipUser'] },
  ],
  indexes: [
    { name: 'phone_link_created', properties: ['createdAt', 'id'] },
    { name: 'phone_link_expires', properties: ['expiresAt'] },
  ],
})
export class PhoneLink extends PhoneLinkSchema.class {}
PhoneLinkSchema.setClass(PhoneLink)
