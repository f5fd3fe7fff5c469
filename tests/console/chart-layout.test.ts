import { expect, test } from 'vitest'
import { ANN, alice, begin, looksAt, service, visitConsole } from '../support/console-visits.ts'

/*
 * Where the machines of a call stand in the chart, on screens of different widths.
 */

visitConsole()

const MACHINES = ['call', 'leg', 'conversation', 'voice']

type Place = { left: number; right: number; top: number; bottom: number }

async function placesAt(width: number): Promise<Place[]> {
  await begin()
  service.calls.begin(ANN)
  await looksAt('#/live', { viewport: { width, height: 844 } })
  await alice.page.locator('.chart-state-count').first().waitFor()
  return Promise.all(
    MACHINES.map(async (id) => {
      const box = await alice.page.locator(`.react-flow__node[data-id="${id}"]`).boundingBox()
      if (!box) throw new Error(`${id} is not drawn.`)
      const { x, y } = box
      return { left: x, right: x + box.width, top: y, bottom: y + box.height }
    }),
  )
}

test('on a phone they stand one under the other, at one left edge', async () => {
  const places = await placesAt(390)
  for (const { left } of places) expect(left).toBeCloseTo(places[0]?.left ?? Number.NaN, 0)
  for (const [index, { top }] of places.slice(1).entries())
    expect(top).toBeGreaterThan(places[index]?.bottom ?? Number.NaN)
})

test('on a wide screen they stand two in a row, and none in another', async () => {
  const [call, leg, conversation, voice] = (await placesAt(1280)) as [Place, Place, Place, Place]
  expect(leg.left).toBeGreaterThan(call.right)
  expect(leg.top).toBeCloseTo(call.top, 0)
  expect(conversation.left).toBeCloseTo(call.left, 0)
  expect(conversation.top).toBeGreaterThan(Math.max(call.bottom, leg.bottom))
  expect(voice.left).toBeGreaterThan(conversation.right)
  expect(voice.top).toBeCloseTo(conversation.top, 0)
})
