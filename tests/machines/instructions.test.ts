import { expect, test } from 'vitest'
import { LEG_STATES, legInstructions, mediaInstruction } from '../../machines/instructions.ts'
import { type CallSnapshot, viewOf } from '../../src/model/call-model.ts'
import { LEADING_TO, led, type RowName } from './call-rows.ts'

/** What the leg, and the media session of the call's own bridge, are told in each state. */
const TOLD: Record<RowName, [leg: string, media: string]> = {
  'greeting while cloning': ['play-greeting, hold 0, ask-again', 'close'],
  'hold while cloning': ['hold 1, ask-again', 'close'],
  'closing while cloning': ['hang-up', 'close'],
  greeting: ['play-greeting, ask-again', 'close'],
  joining: ['connect-media 1', 'close'],
  'bridged.connecting': ['connect-media 1', 'connect-agent'],
  'bridged.talking': ['connect-media 1', 'relay'],
  'bridged.backingOff': ['connect-media 1', 'await-agent'],
  'bridged.reconnecting': ['connect-media 1', 'connect-agent'],
  departing: ['connect-media 1', 'close'],
  rejoining: ['connect-media 1', 'close'],
  failed: ['say apology, hang-up', 'close'],
  rejected: ['say busy, hang-up', 'close'],
  closing: ['hang-up', 'finish-playing'],
  ended: ['hang-up', 'close'],
}

const rows = Object.keys(LEADING_TO) as RowName[]

function callIn(row: RowName): CallSnapshot {
  const call = LEADING_TO[row]('default')
  if (call === null) throw new Error(`No call with a default voice comes to ${row}.`)
  return call
}

test.each(rows)('%s', (row) => {
  const view = viewOf(callIn(row))
  const leg = legInstructions(view).map(({ do: what, ...how }) => [what, ...Object.values(how)].join(' '))
  expect([leg.join(', '), mediaInstruction(view, view.context.attempt)]).toEqual(TOLD[row])
})

test.each(rows)('%s: the session of any other bridge has nothing left to do', (row) => {
  const view = viewOf(callIn(row))
  expect(mediaInstruction(view, view.context.attempt - 1)).toBe('close')
  expect(mediaInstruction(view, view.context.attempt + 1)).toBe('close')
})

test('an agent that is hung up on by an operator is not waited for', () => {
  const view = viewOf(led(callIn('bridged.talking'), 'operator.hangupRequested'))
  expect(view.state).toBe('closing')
  expect(mediaInstruction(view, view.context.attempt)).toBe('close')
})

test('every state that a view can name is one that a call comes to', () => {
  const states = rows.map((row) => viewOf(callIn(row)).state)
  expect([...new Set(states)].sort()).toEqual([...LEG_STATES].sort())
})
