import { DEFAULT_VOICE_ID } from '../assets/speech.ts'

/** What the simulated agent says. It hears that the caller spoke, never what, so its answers fit any words. */
export type Script = {
  firstMessage: string
  /** One for each time that the caller has spoken, in this order. */
  replies: string[]
  /** Asked once when the caller says nothing for the agent's `turn_timeout`. */
  stillThere: string
  /** The last words, after which the agent ends the conversation. */
  goodbye: string
}

export const AGENT_VOICE_ID = DEFAULT_VOICE_ID

export const DEMO_SCRIPT: Script = {
  firstMessage:
    'Hello, this is the simulated voice agent. Say something, and I will answer as soon as you stop.',
  replies: [
    'Thank you. I heard you, and I answered when you stopped.',
    'I cannot understand words. I only hear when somebody speaks, and for how long.',
    'Please talk over me now. I will keep on speaking for a while, one sentence after another, so that you have the time to cut in. When you do, I should fall silent at once.',
    'Good. You have the word again.',
    'Every word of yours comes to me in small packets, fifty in a second, and mine travel back the same way.',
    'With a real agent behind this number, I would now look into that for you.',
    'And I would speak with the voice that was cloned while you were on hold.',
    'That was all I know. Say one more thing, and I will say goodbye.',
  ],
  stillThere: 'Are you still there?',
  goodbye: 'Thank you for calling. Goodbye.',
}
