import { expect, test } from 'vitest'
import { beginCall } from '../../src/calls/step.ts'
import { INPUTS } from '../../src/model/call-model.ts'
import { stepLines, verdictLines } from '../../src/replay/print-replay.ts'
import { type Replay, replay } from '../../src/replay/replay.ts'
import { reproducedBy } from '../../src/replay/reproduced.ts'
import { asIfRecorded, CALL_ID, recorded } from './recording.ts'

/*
 * A chart in which a state was renamed, and its instructions not yet: what somebody replays in the middle of a change.
 */

/** `hold` as such a chart has it. */
const renamed = { stateAfter: 'waiting', leg: null }

test('a state that the instructions do not know has none', () => {
  const step = beginCall(CALL_ID, INPUTS['voice to clone'])
  const view = { ...step.view, state: 'waiting' as never }
  expect(reproducedBy({ ...step, view }, 'call', new Map())).toMatchObject({ leg: null, media: 'close' })
})

test('a call that came by it is told with its first difference, and that nothing says what the leg is told', () => {
  const differing = replay(asIfRecorded(recorded(), 2, () => ({ stateAfter: 'on-hold' })))
  const replayed: Replay = {
    ...differing,
    steps: differing.steps.map((step) =>
      step.seq === 2 ? { ...step, reproduced: { ...step.reproduced, ...renamed } } : step,
    ),
  }
  const nothingSaid =
    'nothing says what the leg is told in waiting: machines/instructions.ts has no answer for it'
  const lines = replayed.steps.map((step) => stepLines(step, replayed).join('\n'))
  expect(lines[1]).toMatch(new RegExp(`leg +${nothingSaid}`))
  expect(verdictLines(replayed)).toEqual([
    'The first difference is at event 2, leg.instructionsRequested:',
    expect.stringMatching(/DIFFERS state$/),
    expect.stringMatching(/recorded +on-hold$/),
    expect.stringMatching(/reproduced hold$/),
    `Then ${nothingSaid}.`,
    expect.stringContaining('Both charts call themselves version'),
  ])
})
