import { DEFAULT_VOICE_ID } from './assets/speech.ts'

/** What the simulated agent says. It hears that the caller spoke, never what, so its answers fit any words. */
export type Script = {
  firstMessage: string
  /** Said once to who writes before anybody has spoken: a conversation that was cut off goes on. */
  reconnected: string
  /** One for each time that the caller has spoken, in this order. */
  replies: string[]
  /** Asked once when the caller says nothing for the agent's `turn_timeout`. */
  stillThere: string
  /** The last words, after which the agent ends the conversation. */
  goodbye: string
}

export const AGENT_VOICE_ID = DEFAULT_VOICE_ID

export const DEMO_SCRIPT: Script = {
  firstMessage: 'Hello, this is the simulated voice agent. How can I help you?',
  reconnected: 'Sorry, we were cut off for a moment. Where were we?',
  replies: [
    'Thank you. I answered when you stopped.',
    'I cannot understand words, I only hear a voice.',
    'Please talk over me now. I will keep on speaking for a while, one sentence after another, so that you have the time to cut in. When you do, I should fall silent at once.',
    'Good. You have the word again.',
    'Your words reach me in fifty packets a second.',
    'A real agent would look into that for you.',
    'And it would speak with the cloned voice.',
    'That was all I know. One more word, and I say goodbye.',
  ],
  stillThere: 'Are you still there?',
  goodbye: 'Thank you for calling. Goodbye.',
}
