import { END_REASONS, type EndReason } from '../../../machines/end-reasons.ts'
import type { CallState, Voice } from './call-story.ts'

/*
 * What is happening now, in words for somebody who has never seen the statechart.
 */

/** `waiting` for what takes its time, `live` when both sides talk, `bad` when something went wrong. */
export type Tone = 'calm' | 'waiting' | 'live' | 'bad'

type Words = { title: string; tone: Tone; sentence: (voice: Voice) => string }

const NEWS_OF_VOICE: Record<Voice, string> = {
  unknown: '',
  cloning: 'The voice is still being cloned.',
  cloned: 'The voice has been cloned.',
  cached: 'The voice was cloned for an earlier call.',
  default: 'No voice is on file for this caller.',
  withheld: 'A voice is on file, and nobody vouches enough for the caller’s number.',
  unspoken: 'A voice is on file, and this agent’s vendor cannot speak it.',
  failed: 'The voice could not be cloned.',
  late: 'Cloning the voice took too long.',
  refused: 'The agent’s vendor refused the caller’s voice.',
  gone: 'The caller’s voice was deleted at the vendor.',
}

const AGENT_SPEAKS_IN: Record<Voice, string> = {
  unknown: 'its own voice',
  cloning: 'its own voice',
  cloned: 'the voice that was just cloned',
  cached: 'the voice that was cloned for an earlier call',
  default: 'its default voice',
  withheld: 'its default voice, because nobody vouches enough for the caller’s number',
  unspoken: 'its own voice, because its vendor cannot speak the caller’s',
  failed: 'its default voice, because the clone failed',
  late: 'its default voice, because the clone took too long',
  refused: 'its default voice, because its vendor refused the caller’s',
  gone: 'its default voice, because the caller’s was deleted at the vendor',
}

const WORDS: Record<CallState, Words> = {
  greeting: {
    title: 'Greeting',
    tone: 'calm',
    sentence: (voice) =>
      voice === 'cloning'
        ? 'The caller hears the greeting, then hold music, while the voice is being cloned.'
        : `The caller hears the greeting. ${NEWS_OF_VOICE[voice]}`,
  },
  hold: {
    title: 'On hold',
    tone: 'waiting',
    sentence: () => 'The voice is being cloned; the caller hears hold music.',
  },
  joining: {
    title: 'Joining',
    tone: 'waiting',
    sentence: (voice) => `${NEWS_OF_VOICE[voice]} The caller is being put through to the agent.`,
  },
  'bridged.connecting': {
    title: 'Reaching the agent',
    tone: 'waiting',
    sentence: () => 'The caller’s line is open; the voice agent is being reached.',
  },
  'bridged.talking': {
    title: 'Talking',
    tone: 'live',
    sentence: (voice) => `Caller and agent hear each other. The agent speaks in ${AGENT_SPEAKS_IN[voice]}.`,
  },
  'bridged.backingOff': {
    title: 'Agent lost',
    tone: 'waiting',
    sentence: () => 'The agent was lost and is tried again in a moment; the caller hears music.',
  },
  'bridged.reconnecting': {
    title: 'Reaching the agent again',
    tone: 'waiting',
    sentence: () => 'The agent was lost and is being reached again; it will know what was said so far.',
  },
  departing: {
    title: 'Line closing',
    tone: 'calm',
    sentence: () => 'The carrier has closed the caller’s audio; its last word about the call is awaited.',
  },
  rejoining: {
    title: 'Joining again',
    tone: 'waiting',
    sentence: () => 'The caller’s audio broke off; the caller is being put through again.',
  },
  failed: {
    title: 'Apology',
    tone: 'bad',
    sentence: () => 'The agent cannot be reached; the caller hears an apology, and then the call ends.',
  },
  rejected: {
    title: 'All lines busy',
    tone: 'bad',
    sentence: () => 'The service takes no more calls just now; the caller hears a polite busy message.',
  },
  closing: {
    title: 'Hanging up',
    tone: 'calm',
    sentence: () => 'The call is being ended; the last words are still played.',
  },
  ended: { title: 'Call ended', tone: 'calm', sentence: () => 'The call is over.' },
}

export const titleOf = (state: CallState): string => WORDS[state].title
export const toneOf = (state: CallState): Tone => WORDS[state].tone

export type Happening = { title: string; sentence: string; tone: Tone }

/** What the caller lives through right now. `outcome` is told once the call has ended and it is known. */
export function happening(state: CallState | null, voice: Voice, outcome: EndReason | null): Happening {
  if (state === null) {
    return { title: 'Calling', sentence: 'The carrier is announcing the call to the service.', tone: 'calm' }
  }
  const { title, tone, sentence } = WORDS[state]
  if (state !== 'ended' || outcome === null) return { title, tone, sentence: sentence(voice).trim() }
  const { meaning, fault } = END_REASONS[outcome]
  return { title, sentence: meaning, tone: fault === 'none' ? 'calm' : 'bad' }
}
