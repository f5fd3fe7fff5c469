import { defineEntity, p } from '@mikro-orm/core'

/** A console session that was signed out before its time, so that no node takes its cookie any more. */
const EndedSessionSchema = defineEntity({
  name: 'EndedSession',
  tableName: 'ended_session',
  properties: {
    id: p.string().primary(),
    /** When it would have ended by itself, and this row is of no more use. */
    expiresAt: p.datetime(),
  },
})
export class EndedSession extends EndedSessionSchema.class {}
EndedSessionSchema.setClass(EndedSession)
