import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { Turn } from '../calls/ports.ts'
import type { Database } from './database.ts'
import { CallLog } from './entities/call.entity.ts'
import { ConversationTurn, PostCallReport } from './entities/conversation.entity.ts'
import { sqlOf } from './sql.ts'

/** What a vendor reports after a conversation; each part is kept once, whatever the order and number of deliveries. */
export type PostCallPart =
  | { conversationId: string; kind: 'transcription'; data: object }
  | { conversationId: string; kind: 'failure'; data: object }
  | { conversationId: string; kind: 'audio'; data: Buffer }

export type ConversationStore = {
  record(callId: string, turn: Turn): Promise<void>
  /** The agent's last turn with these words was cut short: only `spoken` was heard. */
  correct(callId: string, original: string, spoken: string): Promise<void>
  turns(callId: string): Promise<Turn[]>
  /** Resolves with false when this part was there already. */
  keepReport(part: PostCallPart): Promise<boolean>
  report(
    callId: string,
  ): Promise<{ conversationId: string; transcription: object | null; hasAudio: boolean }[]>
  /** MP3 as the vendor sent it; null when this conversation of the call has none. */
  audio(callId: string, conversationId: string): Promise<Buffer | null>
}

export function createConversationStore(database: Database): ConversationStore {
  const sql = sqlOf(database)
  const em = () => database.em.fork()
  return {
    async record(callId, turn) {
      const call = em().getReference(CallLog, callId)
      await em().insert(ConversationTurn, { call, ...turn, heard: turn.heard ?? null })
    },

    async correct(callId, original, spoken) {
      await sql(
        `update conversation_turn set heard = ?, interrupted = true where id = (
           select id from conversation_turn where call_id = ? and role = 'agent' and text = ? order by id desc limit 1)`,
        [spoken, callId, original],
      )
    },

    async turns(callId) {
      const rows = await em().find(ConversationTurn, { call: callId }, { orderBy: { id: 'asc' } })
      return rows.map(({ role, text, heard, interrupted, at }) => ({
        ...{ role, text, interrupted, at },
        ...(heard === null || heard === undefined ? {} : { heard }),
      }))
    },

    async keepReport({ conversationId, kind, data }) {
      try {
        await em().insert(PostCallReport, { conversationId, [kind]: data, receivedAt: new Date() })
        return true
      } catch (error) {
        if (!(error instanceof UniqueConstraintViolationException)) throw error
        const absent = { conversationId, [kind]: null }
        return (await em().nativeUpdate(PostCallReport, absent, { [kind]: data })) === 1
      }
    },

    report: (callId) =>
      sql(
        `select r.conversation_id as "conversationId", r.transcription, r.audio is not null as "hasAudio"
         from agent_conversation c join post_call_report r on r.conversation_id = c.conversation_id
         where c.call_id = ? order by c.started_at`,
        [callId],
      ),

    async audio(callId, conversationId) {
      const [found] = await sql<{ audio: Buffer | null }>(
        `select r.audio from agent_conversation c join post_call_report r on r.conversation_id = c.conversation_id
         where c.call_id = ? and c.conversation_id = ?`,
        [callId, conversationId],
      )
      return found?.audio ?? null
    },
  }
}
