import { expect, test } from 'vitest'
import { WordPlacer } from '../../src/console/chart/edge-labels.ts'

const line = (x: number) => [
  { x, y: 0 },
  { x, y: 300 },
]

test('words stand in the middle of the longest part of their line', () => {
  const bent = [
    { x: 0, y: 0 },
    { x: 0, y: 20 },
    { x: 400, y: 20 },
  ]
  expect(new WordPlacer([]).place(bent, ['leg.instructionsRequested'])).toEqual({ x: 200, y: 20 })
})

test('words hide no state where there is another place', () => {
  const state = { x: 40, y: 130, width: 200, height: 40 }
  const { x, y } = new WordPlacer([state]).place(line(100), ['voice.ready'])
  const isOver = x > 0 && x < 300 && y > 110 && y < 190
  expect(isOver).toBe(false)
})

test('words of lines side by side do not hide each other', () => {
  const placer = new WordPlacer([])
  const places = [100, 110, 120].map((x) => placer.place(line(x), ['after LEG_PATIENCE']))
  const apart = places.flatMap((a, index) =>
    places.slice(index + 1).map((b) => Math.abs(a.y - b.y) >= 17 || Math.abs(a.x - b.x) >= 140),
  )
  expect(apart).toEqual([true, true, true])
})
