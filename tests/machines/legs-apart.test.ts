import { describe, expect, test } from 'vitest'
import { callSystem } from '../../machines/call/call-system.ts'
import type { LegEvent } from '../../machines/call-events.ts'
import { callChart } from '../../src/model/call-chart.ts'
import { begin, feed, INPUTS, LEG } from '../../src/model/call-model.ts'
import { checkStrangers } from '../../src/model/checks/strangers.ts'
import { explore } from '../../src/model/explore.ts'

/* Events find the machine of the leg that they are about. */

const { snapshot: greeted } = begin(INPUTS['default voice'])

describe.each<LegEvent>([{ type: 'leg.instructionsRequested' }, { type: 'leg.ended', status: 'completed' }])(
  '$type',
  (event) => {
    test('moves the leg that it names, and the caller’s when it names none', () => {
      const moved = feed(greeted, { ...event, leg: LEG })
      expect(moved.snapshot).not.toBe(greeted)
      expect(JSON.stringify(feed(greeted, event).snapshot)).toBe(JSON.stringify(moved.snapshot))
    })

    test('of a leg that the call does not have changes nothing and asks for nothing', () => {
      expect(feed(greeted, { ...event, leg: 'leg-2' })).toMatchObject({ snapshot: greeted, actions: [] })
    })
  },
)

test('a chart that takes whatever is said of any leg is found', () => {
  const deaf = {
    ...callSystem,
    addressOf: ({ type }: { type: string }) => (/^leg/.test(type) ? 'leg' : 'call'),
  }
  const model = callChart(undefined, deaf)
  const graph = explore(model, model.inputs['no capacity'])
  expect(checkStrangers(model, [graph]).findings.map(({ where }) => where)).toContain('rejected on leg.ended')
  const { findings } = checkStrangers(callChart(), [explore(callChart(), model.inputs['no capacity'])])
  expect(findings).toEqual([])
})
