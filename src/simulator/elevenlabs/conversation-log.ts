import type { Logger } from 'pino'
import { MU_LAW_RATE } from '../../audio/mulaw.ts'
import type { ClockScope } from '../clock-scope.ts'
import type { AgentConfig } from './agent-config.ts'
import { type ConversationRecord, conversationBody, newRecord } from './conversation-record.ts'
import { encodeMp3 } from './mp3.ts'
import { type PostCallEvent, type PostCallWebhook, postEvent } from './post-call.ts'

/** From the end of a conversation to its transcript and audio; the real vendor takes seconds. */
const PROCESSING_MS = 1000
/** Ended conversations beyond this number are forgotten, oldest first: each may hold megabytes of audio. */
const KEPT = 200

/** Every conversation, live and ended, and what becomes of it after the end. */
export class ConversationLog {
  readonly records = new Map<string, ConversationRecord>()
  readonly #clock: ClockScope
  readonly #agents: ReadonlyMap<string, AgentConfig>
  readonly #webhook: PostCallWebhook | null
  readonly #log: Logger
  readonly #stopping = new AbortController()
  readonly #processing = new Set<Promise<void>>()

  constructor(
    clock: ClockScope,
    agents: ReadonlyMap<string, AgentConfig>,
    webhook: PostCallWebhook | null,
    log: Logger,
  ) {
    this.#clock = clock
    this.#agents = agents
    this.#webhook = webhook
    this.#log = log
  }

  begin(conversationId: string, agentId: string): ConversationRecord {
    this.#forgetOldest()
    const record = newRecord(conversationId, agentId)
    this.records.set(conversationId, record)
    return record
  }

  /** Processes an ended conversation: encodes what was recorded (8 kHz samples) and posts the webhooks. */
  finish(record: ConversationRecord, samples: Int16Array): void {
    record.status = 'processing'
    this.#clock.after(PROCESSING_MS, () => {
      const work = this.#process(record, samples)
        .catch((error) => this.#log.warn({ err: error }, 'post-call processing failed'))
        .finally(() => this.#processing.delete(work))
      this.#processing.add(work)
    })
  }

  body(record: ConversationRecord): object {
    return conversationBody(record, this.#agents.get(record.agentId))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#processing)
  }

  async #process(record: ConversationRecord, samples: Int16Array): Promise<void> {
    if (samples.length > 0) record.audio = await encodeMp3(samples, MU_LAW_RATE, 32)
    const failed = record.initData === null || (record.error !== null && record.error.code !== 1000)
    record.status = failed ? 'failed' : 'done'
    await this.#post('post_call_transcription', this.body(record))
    if (!record.audio) return
    const { agentId: agent_id, conversationId: conversation_id, audio } = record
    await this.#post('post_call_audio', { agent_id, conversation_id, full_audio: audio.toString('base64') })
  }

  async #post(type: PostCallEvent['type'], data: object): Promise<void> {
    if (!this.#webhook || this.#stopping.signal.aborted) return
    const event = { type, event_timestamp: Math.floor(Date.now() / 1000), data }
    try {
      const status = await postEvent(this.#webhook, event, this.#stopping.signal)
      if (status >= 300) this.#log.warn({ type, status }, 'post-call webhook was refused')
    } catch (error) {
      this.#log.warn({ type, err: error }, 'post-call webhook could not be delivered')
    }
  }

  #forgetOldest(): void {
    if (this.records.size < KEPT) return
    for (const { conversationId, status } of this.records.values()) {
      if (status === 'done' || status === 'failed') {
        this.records.delete(conversationId)
        return
      }
    }
  }
}
