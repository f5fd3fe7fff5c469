import type { AgentOverride } from '../../../machines/call-events.ts'
import type { AgentRequest, Turn } from '../../media/agent-port.ts'

/** Enough of a conversation to go on with it; what was said before is the least that is missed. */
const MAX_HISTORY_CHARACTERS = 8_000

const HISTORY_HEAD =
  'The line to the caller was interrupted and is restored. This is the conversation so far; go on where it stopped and do not greet the caller again.'

/** Makes the agent speak without a welcome: a caller who hears nothing takes the line to be dead. */
export const LINE_RESTORED =
  '(The line was interrupted for a moment and is restored. Say so in a few words and go on where we stopped.)'

/** Whether the agent speaks first as it is set up to, or is told what to do because the caller was welcomed before. */
export type Welcome = 'as set up' | 'none'

/** Who was cut off is not welcomed a second time, unless the agent has no leave to be told what it says first. */
export const welcomeFor = ({ conversationSoFar, refusedOverrides }: AgentRequest): Welcome =>
  conversationSoFar.length > 0 && !refusedOverrides.includes('first_message') ? 'none' : 'as set up'

/** What this request would change about the agent, in the order in which it is given up when the vendor does not say which. */
export function overridesOf(request: AgentRequest): AgentOverride[] {
  const { agent } = agentOverride(request, welcomeFor(request)) as { agent?: Record<string, unknown> }
  const names: AgentOverride[] = ['first_message', 'language', 'prompt']
  return [
    ...(request.voiceId === null ? [] : (['voice'] as const)),
    ...names.filter((name) => agent?.[name] !== undefined),
  ]
}

/**
 * The first message of a conversation. An override must be switched on in the agent's settings at the vendor, and one
 * that is not ends the conversation with close code 1008: only what is configured here is sent, and that there is no
 * welcome.
 */
export function initiation(request: AgentRequest): string {
  const welcome = welcomeFor(request)
  const override = { ...agentOverride(request, welcome), ...voiceOverride(request.voiceId) }
  return JSON.stringify({
    type: 'conversation_initiation_client_data',
    ...(Object.keys(override).length > 0 && { conversation_config_override: override }),
    dynamic_variables: { call_id: request.callId, caller: request.from, called_number: request.to },
  })
}

/** What was said before the connection was lost, for the agent that takes over; null on a first connection. */
export function historyOf(conversation: Turn[]): string | null {
  if (conversation.length === 0) return null
  const lines: string[] = []
  let characters = 0
  for (const turn of conversation.toReversed()) {
    const line = `${turn.role === 'caller' ? 'Caller' : 'You'}: ${turn.heard ?? turn.text}`
    characters += line.length
    if (characters > MAX_HISTORY_CHARACTERS) break
    lines.unshift(line)
  }
  return [HISTORY_HEAD, ...lines].join('\n')
}

function agentOverride(request: AgentRequest, welcome: Welcome) {
  const { agent, refusedOverrides } = request
  const mayHave = (override: AgentOverride) => !refusedOverrides.includes(override)
  // An empty first message lets the caller speak first.
  const firstMessage = welcome === 'none' ? '' : agent.firstMessage
  const override = {
    ...(firstMessage !== null && mayHave('first_message') && { first_message: firstMessage }),
    ...(agent.language !== null && mayHave('language') && { language: agent.language }),
    ...(agent.instructions !== null && mayHave('prompt') && { prompt: { prompt: agent.instructions } }),
  }
  return Object.keys(override).length > 0 ? { agent: override } : {}
}

const voiceOverride = (voiceId: string | null) => (voiceId === null ? {} : { tts: { voice_id: voiceId } })
