import { expect, it } from 'vitest'
import { ownTurn } from '../../src/http/turns.ts'

it('gives each who asks at once a turn of the event loop of their own', async () => {
  let turn = 0
  let isOver = false
  const count = () => {
    turn++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const turns = await Promise.all(Array.from({ length: 5 }, () => ownTurn().then(() => turn)))
  isOver = true
  expect(new Set(turns).size).toBe(5)
  expect(turns).toEqual(turns.toSorted((a, b) => a - b))
})
