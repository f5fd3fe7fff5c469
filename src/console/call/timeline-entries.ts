import type { CallEvent } from '../../../machines/call-events.ts'
import type { CallRecord } from '../api/calls-api.ts'
import { phoneNumberWords } from './numbers.ts'
import { delayName } from './steps.ts'

const EVENT_WORDS: Record<CallEvent['type'] | 'call.began' | 'leg.asked', string> = {
  'call.began': 'The call came in',
  'leg.instructionsRequested': 'The carrier asked what comes next',
  // As charts up to 3 have recorded it.
  'leg.asked': 'The carrier asked what comes next',
  'leg.streamEnded': 'The carrier reported the end of the audio',
  'leg.ended': 'The carrier reported the end of the call',
  'transfer.requested': 'The caller’s PBX puts the call through: the other party is being called',
  'transfer.refused': 'The caller’s PBX wanted to put the call through, and was refused',
  'transfer.completed': 'The other party answered and has the caller’s place',
  'transfer.failed': 'The other party does not get the call, which goes on as before',
  'media.joined': 'The caller’s audio is connected',
  'media.lost': 'The caller’s audio is gone',
  'relay.unresponsive': 'The process that carries the audio gives no sign of life',
  'agent.ready': 'The voice agent answered',
  'agent.lost': 'The voice agent was lost',
  'agent.overrideRefused': 'The agent’s vendor refused what the call asked for, and goes on without it',
  'agent.ended': 'The voice agent said goodbye',
  'voice.ready': 'The cloned voice is ready',
  'voice.failed': 'The voice could not be cloned',
  'operator.hangupRequested': 'An operator asked to hang up',
}

/** What it means that one of the chart's delays ran out. */
const DELAY_WORDS: Record<string, string> = {
  CLONE_MAX_WAIT: 'Cloning took longer than the caller can be kept waiting',
  LEG_PATIENCE: 'The carrier has stopped asking what comes next',
  GREETING_OVERDUE: 'The carrier is asked about the caller, of whom nothing is heard',
  ROUND_OVERDUE: 'The carrier is asked about the caller, of whom nothing is heard',
  JOIN_OVERDUE: 'The carrier is asked about the caller, whose audio does not come',
  AGENT_PAUSE: 'The voice agent is tried again',
  AGENT_RECOVERY: 'The voice agent could not be brought back in time',
  AGENT_STEADY: 'The voice agent has talked for a while: its losses are forgotten',
  TALK_CHECK: 'The carrier is asked whether the call still lives',
  AGENT_CONNECT: 'The voice agent did not answer in time',
  REJOIN_OVERDUE: 'The carrier is asked about the caller, of whom nothing is heard',
  REJOIN_PATIENCE: 'The carrier did not bring the caller back in time',
  TRANSFER_RINGING: 'The other party did not answer in time; the call goes on as before',
  FAREWELL: 'The time for the last words is over',
  CALL_MAX: 'The call reached the longest time that it may last',
}

export type TimelineEntry = {
  seq: number
  /** Since the call came in. */
  milliseconds: number
  words: string
  /** How often the same thing happened in a row, without a change of state. */
  count: number
  type: string
  /** The state that began with it; null when the state stayed the same. */
  newState: string | null
}

/** A call's events for people: polls that changed nothing are told once. */
export function timelineOf(records: readonly CallRecord[]): TimelineEntry[] {
  const entries: TimelineEntry[] = []
  const beginning = Date.parse(records[0]?.at ?? '')
  for (const { seq, at, type, event, stateBefore, stateAfter } of records) {
    const last = entries.at(-1)
    const newState = stateAfter === stateBefore ? null : stateAfter
    if (last?.type === type && newState === null) {
      last.count++
      continue
    }
    entries.push({
      seq,
      milliseconds: Date.parse(at) - beginning,
      words: eventWords(type) + partyWords(event),
      count: 1,
      type,
      newState,
    })
  }
  return entries
}

/** Whom a transfer is to, and why it was not made. */
function partyWords({ type, to, reason }: CallRecord['event']): string {
  if (!type.startsWith('transfer.')) return ''
  const told = [typeof to === 'string' && phoneNumberWords(to), typeof reason === 'string' && reason]
  const words = told.filter((word) => word !== false).map((word) => word.replaceAll('_', ' '))
  return words.length > 0 ? ` (${words.join(', ')})` : ''
}

/** What the event is, for people; its type when it is a new one. */
export function eventWords(type: string): string {
  if (type in EVENT_WORDS) return EVENT_WORDS[type as keyof typeof EVENT_WORDS]
  return DELAY_WORDS[delayName(type)] ?? type
}
