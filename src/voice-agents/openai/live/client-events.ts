import type { AgentSettings } from '../../../calls/agent-settings.ts'
import type { Turn } from '../../../media/agent-port.ts'
import { instructionsOf, voiceOf } from '../agent-wish.ts'

/* The Live API's client events, as far as this service has use for them. */

export type ClientEvent = { type: string; [field: string]: unknown }

type Words = Pick<Turn, 'role' | 'text' | 'heard'>

/** As many messages as a session can be begun with. */
const MAX_MESSAGES = 128
/** An appended text may have 500 tokens, and no token is less than a character. */
const MAX_CHARACTERS = 500

export type SessionWish = {
  model: string
  agent: AgentSettings
  /** Null is the model's own. */
  voiceId: string | null
  /** The conversation so far, oldest first. */
  said: readonly Words[]
}

/** Begins a session: mu-law both ways, and all that the agent is set up with, which cannot be changed afterwards. */
export function sessionStart({ model, agent, voiceId, said }: SessionWish): ClientEvent {
  const instructions = instructionsOf(agent)
  const input = said.flatMap(messageOf).slice(-MAX_MESSAGES)
  return {
    type: 'session.start',
    session: {
      model,
      ...(instructions && { instructions }),
      audio: {
        format: { type: 'audio/pcmu', rate: 8000 },
        ...(voiceId !== null && { output: { voice: voiceOf(voiceId) } }),
      },
      ...(input.length > 0 && { input }),
      store: false,
    },
  }
}

/** Of the agent's words, those that were heard. */
function messageOf({ role, text, heard }: Words): object[] {
  const words = heard ?? text
  if (words === '') return []
  const [author, type] = role === 'caller' ? ['user', 'input_text'] : ['assistant', 'output_text']
  return [{ type: 'message', role: author, content: [{ type, text: words }] }]
}

/** What the model is told, and does not answer by itself. */
export const instruct = (text: string): ClientEvent[] => appended('instructions', text)

/** What the model is to say, in its own voice and nearly in these words. */
const comment = (text: string): ClientEvent[] => appended('commentary', text)

function appended(what: 'instructions' | 'commentary' | 'thinking', text: string): ClientEvent[] {
  return inPieces(text).map((content) => ({
    type: `session.${what}.append`,
    content,
    delegation_id: null,
  }))
}

/** Between two words, where there are any. */
const inPieces = (text: string): string[] =>
  text.match(new RegExp(`[^]{1,${MAX_CHARACTERS}}(?=\\s|$)|[^]{1,${MAX_CHARACTERS}}`, 'gu')) ?? []

const ANSWERED = 'You are on the telephone, and have just answered.'

/** What makes the agent speak first. */
export const greeting = ({ firstMessage }: AgentSettings): ClientEvent[] =>
  firstMessage === null
    ? [...instruct(`${ANSWERED} Greet the caller in one short sentence.`), ...comment('Greet the caller.')]
    : [
        ...instruct(`${ANSWERED} Say the words that come now exactly as they are, and nothing else.`),
        ...comment(firstMessage),
      ]

const RESTORED = 'The line was interrupted for a moment and is restored.'

/** What makes an agent speak that is joined to a conversation which had broken off. */
export const resuming = (): ClientEvent[] => [
  ...instruct(`${RESTORED} Say so in a few words and go on where the conversation stopped.`),
  ...comment(RESTORED),
]

/** What was said while the session was not the conversation's: nobody answers it again. */
export const meanwhile = (said: readonly Words[]): ClientEvent[] =>
  said.flatMap(({ role, text, heard }) => {
    const who = role === 'caller' ? 'The caller said' : 'You said'
    return appended('thinking', `${who}: ${heard ?? text}`)
  })

/** The answer to work that the model believes this client to do. */
export const delegationRefused = (id: string): ClientEvent => ({
  type: 'session.commentary.append',
  content: 'This telephone line cannot do that.',
  delegation_id: id,
})

export const sessionClose: ClientEvent = { type: 'session.close' }
