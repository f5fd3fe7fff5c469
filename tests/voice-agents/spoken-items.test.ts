import { describe, expect, test } from 'vitest'
import { SpokenItems } from '../../src/voice-agents/openai/realtime/spoken-items.ts'

const ONE = 'One two three four.'

function spoken(...items: [string, number][]): SpokenItems {
  const all = new SpokenItems()
  for (const [id, milliseconds] of items) all.sent(id, milliseconds)
  return all
}

const cuts = (all: SpokenItems, unheardMs: number) =>
  all.cut(unheardMs).map(({ id, heardMs }) => [id, heardMs])

describe('what was said', () => {
  test('was heard to its end, and nothing is cut', () => {
    expect(cuts(spoken(['a', 500], ['b', 300]), 0)).toEqual([])
  })

  test('is cut where the caller cut in, in whole milliseconds', () => {
    expect(cuts(spoken(['a', 500], ['a', 500]), 250.5)).toEqual([['a', 749]])
  })

  test('and waited behind that was not heard at all', () => {
    expect(cuts(spoken(['a', 500], ['b', 300], ['c', 200]), 600)).toEqual([
      ['a', 400],
      ['b', 0],
      ['c', 0],
    ])
  })

  test('up to the end of an item leaves that item whole', () => {
    expect(cuts(spoken(['a', 500], ['b', 300]), 300)).toEqual([['b', 0]])
  })

  test('is not more than was said, whatever a relay reckons', () => {
    expect(cuts(spoken(['a', 500]), 9_000)).toEqual([['a', 0]])
  })

  test('before an interruption cannot be cut once more', () => {
    const all = spoken(['a', 500])
    all.cut(100)
    all.sent('b', 200)
    expect(cuts(all, 600)).toEqual([['b', 0]])
  })

  test('minutes ago is forgotten', () => {
    const all = new SpokenItems()
    for (let second = 0; second < 600; second++) all.sent(`item ${second}`, 1_000)
    expect(all.cut(Number.POSITIVE_INFINITY).length).toBeLessThan(130)
  })
})

describe('its words', () => {
  test('are known when they are complete, and once', () => {
    const all = spoken(['a', 500])
    expect(all.said('a', 'One two ', false)).toBeNull()
    expect(all.said('a', ONE, true)).toBe(ONE)
    expect(all.said('a', ONE, true)).toBeNull()
  })

  test('that were begun are told when the caller cuts in, and those that come later are not', () => {
    const all = spoken(['a', 1_000])
    all.said('a', 'One two ', false)
    expect(all.untold()).toEqual(['One two '])
    expect(all.cut(500)).toEqual([{ id: 'a', heardMs: 500, words: { original: 'One two ', spoken: 'One' } }])
    expect(all.said('a', 'One two', true)).toBeNull()
  })

  test('are cut with the sound, between two words', () => {
    const all = spoken(['a', 1_000], ['b', 1_000])
    for (const id of ['a', 'b']) all.said(id, ONE, true)
    expect(all.cut(1_500).map(({ words }) => words?.spoken)).toEqual(['One two', ''])
  })
})
