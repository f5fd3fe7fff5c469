import { expect, test } from 'vitest'
import type { CallInput } from '../../machines/call-events.ts'
import { INPUTS } from '../../src/model/call-model.ts'
import { anonymised } from '../../src/replay/anonymise.ts'
import { replay } from '../../src/replay/replay.ts'
import { asIfRecorded, recorded, TALK } from './recording.ts'

const input: CallInput = {
  ...INPUTS['voice to clone'],
  voice: { kind: 'clone', sampleKey: 'sample-of-ann', fallbackVoiceId: 'house-of-ann' },
}
const call = recorded(TALK, input)

test('what could tell whose call it was is gone', () => {
  const text = JSON.stringify(anonymised(call))
  expect(text).not.toMatch(/ann/i)
  expect(text).not.toContain('2026')
  expect(text).not.toContain(call.id)
})

test('the same is called the same wherever it stands', () => {
  const [began, , , ready] = anonymised(call).events
  expect(began?.event.input).toMatchObject({ voice: { kind: 'clone', sampleKey: 'sampleKey-1' } })
  expect(began?.effects).toEqual([{ type: 'requestClone', params: { sampleKey: 'sampleKey-1' } }])
  expect(ready?.snapshot?.context.voice).toMatchObject({ voiceId: ready?.event.voiceId })
})

test('the call goes the same way, in the same time', () => {
  const { steps, firstDifference } = replay(anonymised(call))
  expect(firstDifference).toBeNull()
  const lengths = (events: { at: string }[]) =>
    events.map(({ at }) => Date.parse(at) - Date.parse(events[0]?.at ?? ''))
  expect(lengths(steps)).toEqual(lengths(call.events))
})

test('what nobody knows of is replaced too', () => {
  const about = { note: 'Ann sounded tired', numbers: { '+15550100001': ['+15550100002'] } }
  const told = anonymised(asIfRecorded(call, 2, ({ event }) => ({ event: { ...event, ...about } })))
  expect(told.events[1]?.event).toEqual({
    type: 'leg.instructionsRequested',
    note: expect.stringMatching(/^note-\d+$/),
    numbers: { 'key-1': ['key-1-1'] },
  })
})

test('a difference stays a difference', () => {
  const changed = asIfRecorded(call, 3, () => ({ stateAfter: 'waiting' }))
  expect(replay(anonymised(changed)).firstDifference).toBe(2)
})
