import { defineEntity, p } from '@mikro-orm/core'

/** Something that an operator did. Written before it is done, so that nothing is done that is not written down. */
const AuditEntrySchema = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  properties: {
    id: p.uuid().primary(),
    at: p.datetime(),
    actor: p.string().$type<'key' | 'session' | 'nobody'>(),
    /** Tells the console sessions apart; null for the key itself. */
    session: p.string().nullable(),
    address: p.string(),
    /** In words, as the API describes it. */
    action: p.text(),
    method: p.string(),
    path: p.text(),
    /** The names of what was sent along, never what stood there. */
    fields: p.json<string[]>(),
    /** Of the answer; null when there was none, because the process ended first. */
    status: p.integer().nullable(),
  },
  indexes: [{ name: 'audit_entry_at', properties: ['at', 'id'] }],
})
export class AuditEntry extends AuditEntrySchema.class {}
AuditEntrySchema.setClass(AuditEntry)
