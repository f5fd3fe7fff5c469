import { describe, expect, test } from 'vitest'
import { JitterBuffer } from '../../src/console/audio/jitter-buffer.ts'

const DELAY = 4
const CAPACITY = 12
const buffer = () => new JitterBuffer({ delay: DELAY, capacity: CAPACITY })

/** Samples first, first + 1, … */
const ramp = (first: number, length: number) => Int16Array.from({ length }, (_, i) => first + i)

const read = (from: JitterBuffer, length: number) => {
  const out = new Int16Array(length).fill(-1)
  from.read(out)
  return [...out]
}

describe('JitterBuffer', () => {
  test('plays silence while nothing has come', () => {
    expect(read(buffer(), 3)).toEqual([0, 0, 0])
  })

  test('keeps the first frame back for the delay, then plays it in order', () => {
    const line = buffer()
    line.push(ramp(1, 3))
    expect(read(line, 3)).toEqual([0, 0, 0])
    line.push(ramp(4, 3))
    expect(read(line, 4)).toEqual([0, 1, 2, 3])
    expect(read(line, 3)).toEqual([4, 5, 6])
  })

  test('plays what is shorter than the delay too', () => {
    const line = buffer()
    line.push(ramp(1, 2))
    expect(read(line, 6)).toEqual([0, 0, 0, 0, 1, 2])
  })

  test('waits again after it ran dry, and counts that', () => {
    const line = buffer()
    line.push(ramp(1, 2))
    expect(read(line, 8)).toEqual([0, 0, 0, 0, 1, 2, 0, 0])
    line.push(ramp(3, 4))
    expect(read(line, 8)).toEqual([0, 0, 0, 0, 3, 4, 5, 6])
    expect(line.counts).toEqual({ played: 6, skipped: 0, gaps: 1 })
  })

  test('takes frames that come while it waits', () => {
    const line = buffer()
    for (const first of [1, 3, 5]) line.push(ramp(first, 2))
    expect(read(line, 10)).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
  })

  test('cuts a flood back to the delay and keeps the newest', () => {
    const line = buffer()
    for (const first of [1, 5, 9, 13]) line.push(ramp(first, 4))
    expect(line.length).toBe(DELAY)
    expect(read(line, 8)).toEqual([0, 0, 0, 0, 13, 14, 15, 16])
    expect(line.counts.skipped).toBe(12)
  })

  test('never holds more than its capacity, whatever is pushed', () => {
    const line = buffer()
    line.push(ramp(1, 100))
    expect(line.length).toBe(CAPACITY)
    line.push(ramp(101, 1))
    expect(line.length).toBeLessThanOrEqual(CAPACITY)
  })

  test('is not built with a delay that does not fit', () => {
    expect(() => new JitterBuffer({ delay: 4, capacity: 4 })).toThrow(RangeError)
  })
})
