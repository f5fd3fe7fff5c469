import { expect, test } from 'vitest'
import { saveSystem } from '../../src/actors/saved-system.ts'
import { readableBefore } from '../../src/calls/for-release-before.ts'
import { readSaved } from '../../src/calls/saved-call.ts'
import { beginCall } from '../../src/calls/step.ts'
import { INPUTS, placeOf, viewOf } from '../../src/model/call-model.ts'
import { LEADING_TO } from '../machines/call-rows.ts'

/* What nodes of the release before read of calls that they take no step with, in the words of chart 2. */

type Chart2 = { value: { live: { leg: unknown; voice: unknown } }; context: Record<string, unknown> }

const innermost = (value: unknown): unknown =>
  typeof value === 'string' ? value : innermost(Object.values(Object(value))[0])

test.each(Object.entries(LEADING_TO))('%s', (_, lead) => {
  const call = lead('default')
  if (!call) throw new Error('No call of a default voice comes here.')
  const view = viewOf(call)
  const { value, context } = readableBefore(saveSystem(call), view) as unknown as Chart2
  const { leg } = placeOf(call)
  const [state, bridge] = leg.split('.')
  expect(Object.keys(Object(value.live.leg))[0] === 'bridged' ? 'bridged' : value.live.leg).toBe(state)
  if (bridge) expect(innermost(value.live.leg)).toBe(bridge)
  expect(innermost(value.live.voice)).toBe(view.voice)
  const { attempt, holdRound, endReason, agentConnection, voiceId, refusedOverrides, unresponsiveBridge } =
    context
  expect({
    attempt,
    holdRound,
    endReason,
    agentConnection,
    voiceId,
    refusedOverrides,
    unresponsiveBridge,
  }).toEqual({
    ...{
      attempt: view.context.attempt,
      holdRound: view.context.holdRound,
      endReason: view.context.endReason,
    },
    ...{ agentConnection: view.context.agentConnection, voiceId: view.context.voiceId },
    ...{
      refusedOverrides: view.context.refusedOverrides,
      unresponsiveBridge: view.context.unresponsiveBridge,
    },
  })
})

test('it changes nothing about what the machines of today go on from', () => {
  const { snapshot, chartVersion, view } = beginCall('call', INPUTS['cached voice'])
  const restored = readSaved({ snapshot, chartVersion })
  if (restored.is !== 'alive') throw new Error('It cannot be restored.')
  expect(viewOf(restored.snapshot)).toEqual(view)
})
