import type { PhoneState } from './phone-call.ts'

type Tone = 'calm' | 'waiting' | 'live' | 'bad'
export type Words = { title: string; sentence: string; tone: Tone }

/** The states of the service's chart as a caller lives them. */
const OF_CALL: Readonly<Record<string, Words>> = {
  greeting: {
    title: 'Welcome',
    sentence: 'You hear the greeting, and are connected in a moment.',
    tone: 'calm',
  },
  hold: { title: 'On hold', sentence: 'You hear music until somebody is ready for you.', tone: 'waiting' },
  joining: { title: 'Connecting you', sentence: 'You are being put through.', tone: 'waiting' },
  bridged: { title: 'Connected', sentence: 'Speak whenever you like.', tone: 'live' },
  rejoining: {
    title: 'One moment',
    sentence: 'The line broke off; you are being put through again.',
    tone: 'waiting',
  },
  failed: { title: 'Sorry', sentence: 'Nobody can be reached at the moment.', tone: 'bad' },
  rejected: { title: 'All lines busy', sentence: 'Please try again later.', tone: 'bad' },
  closing: { title: 'Ending', sentence: 'The call is about to end.', tone: 'calm' },
}

const ANSWERED: Words = { title: 'Connected', sentence: 'The call is answered.', tone: 'calm' }

/** What is happening, for somebody who knows nothing of telephony. */
export function wordsOf({ phase, link, callState, fault }: PhoneState): Words {
  switch (phase) {
    case 'looking':
      return { title: 'One moment', sentence: 'The link is being looked at.', tone: 'calm' }
    case 'refused':
      return { title: 'This link does not work', sentence: fault ?? '', tone: 'bad' }
    case 'ready':
      return fault === null
        ? ready(link?.callerName ?? null)
        : { title: 'The call did not work', sentence: fault, tone: 'bad' }
    case 'asking':
      return {
        title: 'Your microphone',
        sentence: 'Please allow the microphone: your browser asks for it now.',
        tone: 'waiting',
      }
    case 'dialing':
      return { title: 'Calling', sentence: 'The line is being opened.', tone: 'waiting' }
    case 'ringing':
      return { title: 'Ringing', sentence: 'You will be answered in a moment.', tone: 'waiting' }
    case 'live':
      return OF_CALL[callState ?? ''] ?? ANSWERED
    case 'over':
      return {
        title: 'The call has ended',
        sentence: fault ?? 'You may close this page.',
        tone: fault ? 'bad' : 'calm',
      }
  }
}

const ready = (callerName: string | null): Words => ({
  title: callerName ? `Hello, ${callerName}` : 'Ready to call',
  sentence: 'You need a microphone, and a loudspeaker or headphones. The call can be placed once.',
  tone: 'calm',
})
