import type { Turn } from '../media/agent-port.ts'
import { bringPieces, takePieces, wholeOf } from './byte-pieces.ts'
import type { Database } from './database.ts'
import { ConversationTurn } from './entities/conversation.entity.ts'
import { inTransaction, sqlOf } from './sql.ts'

/** What a vendor reports after a conversation; each part is kept once, whatever the order and number of deliveries. */
type PostCallPart =
  | { conversationId: string; kind: 'transcription'; data: object }
  | { conversationId: string; kind: 'failure'; data: object }
  | { conversationId: string; kind: 'audio'; data: Buffer }

/** The same of a large one: the JSON text or the MP3 of it, in pieces. */
type LargePostCallPart = {
  conversationId: string
  kind: PostCallPart['kind']
  chunks: AsyncIterable<Buffer>
}

/** MP3 as the vendor sent it. */
export type KeptAudio = { bytes: number; chunks: AsyncIterable<Buffer> }

export type ConversationStore = {
  record(callId: string, turn: Pick<Turn, 'role' | 'text'>): Promise<void>
  /** The agent's last turn with these words was cut short: only `spoken` was heard. */
  correct(callId: string, original: string, spoken: string): Promise<void>
  turns(callId: string): Promise<Turn[]>
  /** Resolves with false when this part was there already. */
  keepReport(part: PostCallPart): Promise<boolean>
  /** The same without ever having the whole of it at once. */
  keepLargeReport(part: LargePostCallPart): Promise<boolean>
  report(
    callId: string,
  ): Promise<{ conversationId: string; transcription: object | null; hasAudio: boolean }[]>
  /** Null when this conversation of the call has none. */
  audio(callId: string, conversationId: string): Promise<KeptAudio | null>
}

/** The database puts the pieces together, so that nobody else has to hold the whole. */
function keepPieces(kind: PostCallPart['kind']): string {
  const value = kind === 'audio' ? wholeOf(0) : `convert_from(${wholeOf(0)}, 'UTF8')::jsonb`
  return `insert into post_call_report as r (conversation_id, ${kind}, received_at) values (?, ${value}, now())
          on conflict (conversation_id) do update set ${kind} = excluded.${kind} where r.${kind} is null
          returning 1`
}

export function createConversationStore(database: Database): ConversationStore {
  const sql = sqlOf(database)
  const em = () => database.em.fork()
  return {
    async record(callId, { role, text }) {
      await sql(
        `insert into conversation_turn (call_id, role, text, at)
         values (?, ?, ?, date_trunc('milliseconds', clock_timestamp()))`,
        [callId, role, text],
      )
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
        role,
        text,
        interrupted,
        at,
        ...(heard === null || heard === undefined ? {} : { heard }),
      }))
    },

    async keepReport({ conversationId, kind, data }) {
      const kept = await sql(
        `insert into post_call_report as r (conversation_id, ${kind}, received_at) values (?, ?, now())
         on conflict (conversation_id) do update set ${kind} = excluded.${kind} where r.${kind} is null
         returning conversation_id`,
        [conversationId, data],
      )
      return kept.length === 1
    },

    keepLargeReport: ({ conversationId, kind, chunks }) =>
      inTransaction(database, async (within) => {
        await bringPieces(within, [chunks])
        const kept = await within(keepPieces(kind), [conversationId])
        return kept.length === 1
      }),

    report: (callId) =>
      sql(
        `select r.conversation_id as "conversationId", r.transcription, r.audio is not null as "hasAudio"
         from agent_conversation c join post_call_report r on r.conversation_id = c.conversation_id
         where c.call_id = ? order by c.started_at`,
        [callId],
      ),

    async audio(callId, conversationId) {
      const [found] = await sql<{ bytes: number | null }>(
        `select length(r.audio) as bytes
         from agent_conversation c join post_call_report r on r.conversation_id = c.conversation_id
         where c.call_id = ? and c.conversation_id = ?`,
        [callId, conversationId],
      )
      const bytes = found?.bytes ?? null
      const pieceOf = (from: number, count: number) =>
        sql<{ bytes: Buffer }>(
          'select substring(audio from ? for ?) as bytes from post_call_report where conversation_id = ?',
          [from, count, conversationId],
        )
      return bytes === null ? null : { bytes, chunks: takePieces(bytes, pieceOf) }
    },
  }
}
