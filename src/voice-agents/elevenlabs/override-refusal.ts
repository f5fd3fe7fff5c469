import type { AgentOverride } from '../../../machines/call-events.ts'

/** The vendor's close code for what a client may not ask for (its AsyncAPI document, close codes). */
export const REFUSED = 1008
const OVERRIDE_ERROR = 'override_error'

/** How each is called where the vendor names it, as in `Override for field 'tts.voice_id' is not allowed by config.` */
const NAMES: Record<AgentOverride, RegExp> = {
  voice: /voice/i,
  first_message: /first.?message/i,
  prompt: /\bprompt\b/i,
  language: /\blanguage\b/i,
}

const GONE = /not (?:be )?found|does ?n[o']t exist|no such|has been deleted|unknown voice/i

/** What the vendor said as it closed a conversation that had not begun. */
export type Closing = { code: number; errorType: string | null; words: string | null }

/** `isNamed` when the vendor says which it is; else it is a guess, which the next connection proves or not. */
export type Refused = { overrides: AgentOverride[]; isGone: boolean; isNamed: boolean }

/**
 * Whether a conversation was closed over what it would change about the agent, and over what: the field that is named, else
 * the voice first, then all the rest. Null when it was closed over something else.
 */
export function refusalIn({ code, errorType, words }: Closing, sent: AgentOverride[]): Refused | null {
  const named = sent.filter((override) => NAMES[override].test(words ?? ''))
  const isGone = named.includes('voice') && GONE.test(words ?? '')
  if (isGone) return { overrides: ['voice'], isGone, isNamed: true }
  const isRefusal = code === REFUSED && (errorType === OVERRIDE_ERROR || errorType === null)
  if (!isRefusal || sent.length === 0) return null
  const [first] = named
  if (first) return { overrides: [first], isGone, isNamed: true }
  return { overrides: sent[0] === 'voice' ? ['voice'] : sent, isGone, isNamed: false }
}
