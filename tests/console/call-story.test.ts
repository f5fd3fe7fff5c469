import { describe, expect, test } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import type { CallRecord } from '../../src/console/api/calls-api.ts'
import { journeyOf, stateOf, troubleOf, voiceOf } from '../../src/console/call/call-story.ts'
import { clockWords, durationWords, phoneNumberWords } from '../../src/console/call/numbers.ts'
import { happening } from '../../src/console/call/state-labels.ts'
import { timelineOf } from '../../src/console/call/timeline-entries.ts'
import { ScriptedCalls } from '../support/scripted-calls.ts'

const BEGINNING = Date.parse('2026-01-05T09:00:00Z')
const KNOWN = '+15550100001'
const UNKNOWN = '+15550100002'

/** The records of a call to which these things are said, one a second, as they come over HTTP. */
async function recordsOf(from: string, ...events: CallEvent[]): Promise<CallRecord[]> {
  const calls = new ScriptedCalls()
  calls.begin(from, new Date(BEGINNING))
  for (const [index, event] of events.entries()) {
    await calls.say(event, new Date(BEGINNING + (index + 1) * 1_000))
  }
  const [call] = await calls.queries.list({}, { limit: 1 })
  return JSON.parse(JSON.stringify(await calls.queries.events(call?.id ?? '', 0)))
}

const asked: CallEvent = { type: 'leg.instructionsRequested' }
const ready: CallEvent = { type: 'voice.ready', voiceId: 'voice' }
const joined: CallEvent = { type: 'media.joined', bridgeNumber: 1, node: 'node' }
const agentReady: CallEvent = { type: 'agent.ready', bridgeNumber: 1, conversationId: 'conversation' }
const refusedVoice = (isGone: boolean): CallEvent => ({
  type: 'agent.overrideRefused',
  bridgeNumber: 1,
  override: 'voice',
  voiceId: null,
  isGone,
  detail: 'A voice was not found.',
})
const ended: CallEvent = { type: 'leg.ended', status: 'completed' }

describe('a call’s story', () => {
  test('knows nothing before the first event', () => {
    expect(stateOf([])).toBeNull()
    expect(voiceOf([])).toBe('unknown')
    expect(journeyOf([]).greeting.status).toBe('ahead')
    expect(happening(null, 'unknown', null).title).toBe('Calling')
  })

  test('tells what went wrong last, and its cause', async () => {
    const lost: CallEvent = { type: 'agent.lost', bridgeNumber: 1, cause: 'closed_3000' }
    const failed: CallEvent = { type: 'voice.failed', cause: 'too_short' }
    expect(troubleOf(await recordsOf(KNOWN, asked, ready, joined, agentReady, ended))).toBeNull()
    expect(troubleOf(await recordsOf(KNOWN, asked, failed))).toEqual({
      type: 'voice.failed',
      cause: 'too_short',
      detail: null,
    })
    expect(troubleOf(await recordsOf(KNOWN, asked, failed, joined, lost, agentReady))).toEqual({
      type: 'agent.lost',
      cause: 'closed_3000',
      detail: null,
    })
    expect(troubleOf(await recordsOf(KNOWN, asked, ready, joined, refusedVoice(true)))).toEqual({
      type: 'agent.overrideRefused',
      cause: 'voice',
      detail: 'A voice was not found.',
    })
    const late = {
      type: 'xstate.after.AGENT_CONNECT.conversation.live.connecting',
    } as unknown as CallEvent
    expect(troubleOf(await recordsOf(UNKNOWN, asked, joined, late))).toEqual({
      type: late.type,
      cause: null,
      detail: null,
    })
  })

  test('tells what became of the voice', async () => {
    expect(voiceOf(await recordsOf(KNOWN))).toBe('cloning')
    expect(voiceOf(await recordsOf(KNOWN, asked, ready))).toBe('cloned')
    expect(voiceOf(await recordsOf(KNOWN, { type: 'voice.failed', cause: 'refused' }))).toBe('failed')
    expect(voiceOf(await recordsOf(KNOWN, asked, ready, joined, refusedVoice(false)))).toBe('refused')
    expect(voiceOf(await recordsOf(KNOWN, asked, ready, joined, refusedVoice(true)))).toBe('gone')
    expect(voiceOf(await recordsOf(UNKNOWN, asked))).toBe('default')
  })

  test('tells how long each part took', async () => {
    const journey = journeyOf(await recordsOf(KNOWN, asked, asked, ready, joined, agentReady, ended))
    expect(journey).toEqual({
      greeting: { status: 'done', milliseconds: 1_000 },
      hold: { status: 'done', milliseconds: 2_000 },
      agent: { status: 'done', milliseconds: 3_000 },
      end: { status: 'done', milliseconds: 0 },
    })
  })

  test('tells a hold that was skipped from one that was not reached', async () => {
    const statuses = async (...events: CallEvent[]) =>
      Object.values(journeyOf(await recordsOf(UNKNOWN, ...events))).map(({ status }) => status)
    expect(await statuses(asked)).toEqual(['done', 'skipped', 'current', 'ahead'])
    expect(await statuses(ended)).toEqual(['done', 'missed', 'missed', 'done'])
  })

  test('tells polls that changed nothing once', async () => {
    const entries = timelineOf(await recordsOf(KNOWN, asked, asked, asked, ready))
    expect(entries.map(({ words, count, newState }) => [words, count, newState])).toEqual([
      ['The call came in', 1, 'greeting'],
      ['The carrier asked what comes next', 3, 'hold'],
      ['The cloned voice is ready', 1, 'joining'],
    ])
    expect(entries.map(({ milliseconds }) => milliseconds)).toEqual([0, 1_000, 4_000])
  })

  test('says whom a call is put through to, and why it was not', async () => {
    const [began] = await recordsOf(KNOWN)
    if (!began) throw new Error('The call has not begun.')
    const told = [
      { type: 'transfer.requested', transferNumber: 1, to: '+15550142999' },
      { type: 'transfer.failed', transferNumber: 1, status: 480, reason: 'no_answer' },
      { type: 'transfer.refused', to: null, status: 400, reason: 'malformed' },
    ]
    const entries = timelineOf(told.map((event) => ({ ...began, event, type: event.type })))
    expect(entries.map(({ words }) => words)).toEqual([
      'The caller’s PBX puts the call through: the other party is being called (+1 555 014 2999)',
      'The other party does not get the call, which goes on as before (no answer)',
      'The caller’s PBX wanted to put the call through, and was refused (malformed)',
    ])
  })

  test('shows an event that this page does not know by its own name', () => {
    const at = new Date(BEGINNING).toISOString()
    const unheardOf = { seq: 1, at, type: 'leg.sang', event: { type: 'leg.sang' }, effects: [] }
    const [entry] = timelineOf([{ ...unheardOf, stateBefore: 'hold', stateAfter: 'singing' }])
    expect(entry).toMatchObject({ words: 'leg.sang', newState: 'singing' })
    expect(stateOf([{ ...unheardOf, stateBefore: 'hold', stateAfter: 'singing' }])).toBeNull()
  })

  test('tells why a call ended, and by whose fault', () => {
    expect(happening('ended', 'cloned', 'agent_lost')).toMatchObject({
      tone: 'bad',
      sentence: expect.stringContaining('dropped a running conversation'),
    })
    expect(happening('ended', 'cloned', 'agent_ended').tone).toBe('calm')
  })
})

describe('numbers in words', () => {
  test.each([
    [0, '0:00', '0.0 s'],
    [3_140, '0:03', '3.1 s'],
    [75_400, '1:15', '1:15'],
  ])('%i ms', (milliseconds, clock, duration) => {
    expect(clockWords(milliseconds)).toBe(clock)
    expect(durationWords(milliseconds)).toBe(duration)
  })

  test('phone numbers', () => {
    expect(phoneNumberWords('+15550100001')).toBe('+1 555 010 0001')
    expect(phoneNumberWords('+4930901820')).toBe('+4930901820')
  })
})
