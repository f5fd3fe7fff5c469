import type { AgentSettings } from '../../calls/agent-settings.ts'

/* What an agent is set up with, as every API of the vendor's takes it. */

/** A voice of the account's own has an id. */
export const voiceOf = (voiceId: string): string | { id: string } =>
  voiceId.startsWith('voice_') ? { id: voiceId } : voiceId

export const instructionsOf = ({ instructions, language }: AgentSettings): string =>
  [instructions, language && `Speak in the language with the tag ${language}.`].filter(Boolean).join('\n\n')

/** Keys are a turn of the caller's. */
export const keyedIn = (keys: string): string => `(I pressed ${[...keys].join(' ')} on the keypad.)`
