import { defineEntity, p } from '@mikro-orm/core'
import { CallLog } from './call.entity.ts'

/** Who said what, in order. */
const ConversationTurnSchema = defineEntity({
  name: 'ConversationTurn',
  tableName: 'conversation_turn',
  properties: {
    id: p.bigint().primary().autoincrement(),
    call: () => p.manyToOne(CallLog).deleteRule('cascade'),
    role: p.string().$type<'caller' | 'agent'>(),
    text: p.text(),
    /** What the listener got to hear of it, when it was interrupted. */
    heard: p.text().nullable(),
    interrupted: p.boolean().default(false),
    at: p.datetime(),
  },
  indexes: [{ name: 'conversation_turn_call', properties: ['call', 'id'] }],
})
export class ConversationTurn extends ConversationTurnSchema.class {}
ConversationTurnSchema.setClass(ConversationTurn)

/** The vendor's conversations that a call has had: one, or more after a reconnect. */
const AgentConversationSchema = defineEntity({
  name: 'AgentConversation',
  tableName: 'agent_conversation',
  properties: {
    conversationId: p.string().primary(),
    call: () => p.manyToOne(CallLog).deleteRule('cascade'),
    startedAt: p.datetime().defaultRaw('now()'),
  },
  indexes: [{ name: 'agent_conversation_call', properties: ['call'] }],
})
export class AgentConversation extends AgentConversationSchema.class {}
AgentConversationSchema.setClass(AgentConversation)

/** What the vendor reported after a conversation; its parts come in any order and are kept once. */
const PostCallReportSchema = defineEntity({
  name: 'PostCallReport',
  tableName: 'post_call_report',
  properties: {
    conversationId: p.string().primary(),
    transcription: p.json<object>().nullable(),
    failure: p.json<object>().nullable(),
    /** MP3 as the vendor sent it. */
    audio: p.blob().nullable(),
    receivedAt: p.datetime().defaultRaw('now()'),
  },
})
export class PostCallReport extends PostCallReportSchema.class {}
PostCallReportSchema.setClass(PostCallReport)
