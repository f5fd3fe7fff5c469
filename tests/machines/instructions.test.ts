import { expect, test } from 'vitest'
import { LEG_STATES, mediaInstruction } from '../../machines/instructions.ts'
import { type CallSnapshot, viewOf } from '../../src/model/call-model.ts'
import { LEADING_TO, led } from './call-rows.ts'

const rows = Object.keys(LEADING_TO)

function callIn(row: string): CallSnapshot {
  const call = LEADING_TO[row]?.('default')
  if (!call) throw new Error(`No call with a default voice comes to ${row}.`)
  return call
}

test.each(rows)('%s: the session of any other bridge has nothing left to do', (row) => {
  const view = viewOf(callIn(row))
  expect(mediaInstruction(view, view.context.bridgeNumber - 1)).toBe('close')
  expect(mediaInstruction(view, view.context.bridgeNumber + 1)).toBe('close')
})

test('an agent that is hung up on by an operator is not waited for', () => {
  const view = viewOf(led(callIn('bridged.talking'), 'operator.hangupRequested'))
  expect(view.state).toBe('closing')
  expect(mediaInstruction(view, view.context.bridgeNumber)).toBe('close')
})

test('every state that a view can name is one that a call comes to', () => {
  const states = rows.map((row) => viewOf(callIn(row)).state)
  expect([...new Set(states)].sort()).toEqual([...LEG_STATES].sort())
})
