import { expect, test } from 'vitest'
import { saveSystem } from '../../src/actors/saved-system.ts'
import { bridgeIn, readableBefore } from '../../src/calls/for-release-before.ts'
import { callCharts } from '../../src/calls/saved-call.ts'
import { beginCall } from '../../src/calls/step.ts'
import { savedView } from '../../src/calls/view.ts'
import { INPUTS, viewOf } from '../../src/model/call-model.ts'
import { LEADING_TO } from '../machines/call-rows.ts'

/* What nodes of the release before read of calls that they take no step with, in the words of chart 3. */

test.each(Object.entries(LEADING_TO))('%s', (_, lead) => {
  const call = lead('default')
  if (!call) throw new Error('No call of a default voice comes here.')
  const view = viewOf(call)
  const read = savedView(readableBefore(saveSystem(call)))
  expect(read).toMatchObject(view)
  expect(read.context).toHaveProperty('attempt', view.context.bridgeNumber)
})

test('it changes nothing about what the machines of today go on from', () => {
  const { snapshot, chartVersion, view } = beginCall('call', INPUTS['cached voice'])
  const restored = callCharts.read({ id: 'call', snapshot, chartVersion })
  if (restored.is !== 'alive') throw new Error('It cannot be restored.')
  expect(viewOf(restored.snapshot)).toEqual(view)
})

test('a job of the release before is about the bridge that it names', () => {
  expect(bridgeIn({ attempt: 3 })).toBe(3)
  expect(bridgeIn({ bridgeNumber: 2, attempt: 2 })).toBe(2)
})
