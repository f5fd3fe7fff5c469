import type { AgentConfig } from './agent-config.ts'
import type { ConversationInit } from './client-messages.ts'

/** What is kept of a conversation: for the vendor's conversations API, and for tests to look at. */
export type ConversationRecord = {
  readonly conversationId: string
  readonly agentId: string
  readonly startedAt: Date
  status: 'initiated' | 'in-progress' | 'processing' | 'done' | 'failed'
  /** The client's first message, as it was received. */
  initData: ConversationInit | null
  voiceId: string | null
  audioMessagesReceived: number
  /** Caller audio after base64. */
  audioBytesReceived: number
  /** The same audio itself, where the vendor was told to keep it. */
  callerAudio: Buffer[]
  /** Agent audio that was sent, before base64. */
  audioBytesSent: number
  /** The `event_id` of every pong, in order. */
  pongs: number[]
  contextualUpdates: string[]
  transcript: TranscriptTurn[]
  durationSecs: number
  /** What the socket was closed with; 1006 when it was destroyed; null while it is open. */
  closeCode: number | null
  terminationReason: string
  error: { code: number; reason: string } | null
  /** MP3; null until it is processed, and when there was nothing to record or recording is off. */
  audio: Buffer | null
}

export type TranscriptTurn = {
  role: 'user' | 'agent'
  message: string
  timeInCallSecs: number
  interrupted: boolean
  originalMessage: string | null
}

export function newRecord(conversationId: string, agentId: string): ConversationRecord {
  return {
    conversationId,
    agentId,
    startedAt: new Date(),
    status: 'initiated',
    initData: null,
    voiceId: null,
    audioMessagesReceived: 0,
    audioBytesReceived: 0,
    callerAudio: [],
    audioBytesSent: 0,
    pongs: [],
    contextualUpdates: [],
    transcript: [],
    durationSecs: 0,
    closeCode: null,
    terminationReason: '',
    error: null,
    audio: null,
  }
}

/** The body of `GET /v1/convai/conversations/{id}`, which is also the data of the post-call webhook. */
export function conversationBody(record: ConversationRecord, agent: AgentConfig | undefined): object {
  return {
    agent_id: record.agentId,
    agent_name: agent?.name ?? null,
    conversation_id: record.conversationId,
    status: record.status,
    user_id: record.initData?.user_id ?? null,
    branch_id: null,
    version_id: null,
    environment: 'production',
    transcript: record.transcript.map(transcriptEntry),
    metadata: {
      start_time_unix_secs: Math.floor(record.startedAt.getTime() / 1000),
      accepted_time_unix_secs: Math.floor(record.startedAt.getTime() / 1000),
      call_duration_secs: Math.round(record.durationSecs),
      cost: 0,
      authorization_method: 'signed_url',
      termination_reason: record.terminationReason,
      error: record.error,
      warnings: [],
      main_language: 'en',
      text_only: false,
      phone_call: null,
    },
    analysis: isProcessed(record) ? analysisOf(record) : null,
    conversation_initiation_client_data: record.initData ?? {},
    has_audio: record.audio !== null,
    has_user_audio: record.audio !== null && record.audioBytesReceived > 0,
    has_response_audio: record.audio !== null && record.transcript.some(({ role }) => role === 'agent'),
    has_auxiliary_audio: false,
  }
}

function isProcessed({ status }: ConversationRecord): boolean {
  return status === 'done' || status === 'failed'
}

function transcriptEntry(turn: TranscriptTurn): object {
  return {
    role: turn.role,
    message: turn.message,
    time_in_call_secs: Math.round(turn.timeInCallSecs),
    interrupted: turn.interrupted,
    original_message: turn.originalMessage,
    tool_calls: [],
    tool_results: [],
    feedback: null,
    conversation_turn_metrics: null,
  }
}

function analysisOf({ transcript, error }: ConversationRecord): object {
  const callerTurns = transcript.filter(({ role }) => role === 'user').length
  const success = callerTurns > 0 ? 'success' : 'unknown'
  return {
    call_successful: error && error.code !== 1000 ? 'failure' : success,
    transcript_summary: `A simulated conversation: the caller spoke ${callerTurns} times and the agent ${transcript.length - callerTurns} times.`,
    call_summary_title: 'Simulated conversation',
    evaluation_criteria_results: {},
    data_collection_results: {},
  }
}
