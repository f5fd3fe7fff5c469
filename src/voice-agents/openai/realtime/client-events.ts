import type { AgentSettings, TurnDetection } from '../../../calls/agent-settings.ts'
import type { Turn } from '../../../media/agent-port.ts'
import { instructionsOf, voiceOf } from '../agent-wish.ts'

/* The Realtime API's client events, as far as this service has use for them. */

export type ClientEvent = { type: string; [field: string]: unknown }

/** What a session asks for beyond sound, and can do without when the vendor will not have it. */
export const OPTIONS = ['voice', 'transcription', 'turn_detection'] as const
export type Option = (typeof OPTIONS)[number]

/** The tool by which the agent hangs up. */
export const HANGS_UP = 'end_call'

const TELEPHONE = { type: 'audio/pcmu' }
const TOOLS = [
  {
    type: 'function',
    name: HANGS_UP,
    description: 'Ends the telephone call. Say goodbye first, then call this in the same response.',
    parameters: { type: 'object', properties: {}, required: [] },
  },
]

export type SessionWish = {
  agent: AgentSettings
  /** Null is the model's own. */
  voiceId: string | null
  transcribeModel: string
  without: ReadonlySet<Option>
}

/** Sets the session up: mu-law both ways, and all that the agent is set up with. */
export function sessionUpdate({ agent, voiceId, transcribeModel, without }: SessionWish): ClientEvent {
  const instructions = instructionsOf(agent)
  const language = agent.language?.split('-')[0]
  const transcription = { model: transcribeModel, ...(language && { language }) }
  return {
    type: 'session.update',
    session: {
      type: 'realtime',
      output_modalities: ['audio'],
      tools: TOOLS,
      tool_choice: 'auto',
      ...(instructions && { instructions }),
      audio: {
        input: {
          format: TELEPHONE,
          transcription: without.has('transcription') ? null : transcription,
          turn_detection: turnDetectionOf(without.has('turn_detection') ? null : agent.turnDetection),
        },
        output: {
          format: TELEPHONE,
          ...(voiceId !== null && !without.has('voice') && { voice: voiceOf(voiceId) }),
        },
      },
    },
  }
}

/** Whoever speaks over the agent silences it, however it tells that. */
function turnDetectionOf(wished: TurnDetection | null): object {
  const always = { create_response: true, interrupt_response: true }
  if (wished?.type === 'semantic_vad')
    return { type: 'semantic_vad', eagerness: wished.eagerness ?? 'auto', ...always }
  const { threshold, prefixPaddingMs, silenceDurationMs } = wished ?? {}
  return {
    type: 'server_vad',
    ...always,
    ...(threshold !== undefined && { threshold }),
    ...(prefixPaddingMs !== undefined && { prefix_padding_ms: prefixPaddingMs }),
    ...(silenceDurationMs !== undefined && { silence_duration_ms: silenceDurationMs }),
  }
}

/** What makes the agent speak first. The instructions of one response take the place of the session's. */
export function greeting(agent: AgentSettings): object {
  const { firstMessage } = agent
  const what =
    firstMessage === null
      ? 'You are on the telephone, and have just answered. Greet the caller in one short sentence.'
      : `You are on the telephone, and have just answered. Say exactly this, and nothing else: ${firstMessage}`
  const own = instructionsOf(agent)
  return { instructions: firstMessage === null && own ? `${own}\n\n${what}` : what }
}

export const responseCreate = (response?: object): ClientEvent => ({
  type: 'response.create',
  ...(response && { response }),
})

export const responseCancel: ClientEvent = { type: 'response.cancel' }

/** Something written in the caller's place. */
export const userText = (text: string): ClientEvent => message('user', 'input_text', text)

const message = (role: string, type: string, text: string): ClientEvent => ({
  type: 'conversation.item.create',
  item: { type: 'message', role, content: [{ type, text }] },
})

/** A turn as an agent that was not there is told of it: of its own words, those that were heard. */
export function replayed({ role, text, heard }: Pick<Turn, 'role' | 'text' | 'heard'>): ClientEvent[] {
  const words = heard ?? text
  if (words === '') return []
  return [role === 'caller' ? userText(words) : message('assistant', 'output_text', words)]
}

/** The answer to a function that the model believes this client to have. */
export const functionFailed = (callId: string, output: string): ClientEvent => ({
  type: 'conversation.item.create',
  item: { type: 'function_call_output', call_id: callId, output },
})

/** Of this item the caller has heard so much, or nothing: what the model remembers of it. */
export const heardOf = (itemId: string, heardMs: number): ClientEvent =>
  heardMs > 0
    ? {
        type: 'conversation.item.truncate',
        item_id: itemId,
        content_index: 0,
        audio_end_ms: heardMs,
      }
    : { type: 'conversation.item.delete', item_id: itemId }
