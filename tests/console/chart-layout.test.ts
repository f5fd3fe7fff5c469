import { expect, test } from 'vitest'
import { ANN, alice, begin, looksAt, service, visitConsole } from '../support/console-visits.ts'

/*
 * Where the machines of a call stand in the chart, on screens of different widths.
 */

visitConsole()

const MACHINES = ['call', 'leg', 'conversation', 'voice', 'transfer']

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

test('on a wide screen they stand in rows of three, each from the left', async () => {
  const places = await placesAt(1280)
  const rows = [places.slice(0, 3), places.slice(3)]
  for (const row of rows) {
    expect(row[0]?.left).toBeCloseTo(places[0]?.left ?? Number.NaN, 0)
    for (const { top } of row) expect(top).toBeCloseTo(row[0]?.top ?? Number.NaN, 0)
    for (const [index, { left }] of row.slice(1).entries())
      expect(left).toBeGreaterThan(row[index]?.right ?? Number.NaN)
  }
  expect(rows[1]?.[0]?.top).toBeGreaterThan(Math.max(...places.slice(0, 3).map(({ bottom }) => bottom)))
})
