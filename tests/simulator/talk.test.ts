import { describe, expect, test } from 'vitest'
import { encodeMuLaw, muLawSilence } from '../../src/audio/mulaw-buffer.ts'
import { Talk } from '../../src/simulator/phone/talk.ts'

const voiced = encodeMuLaw(Int16Array.from({ length: 160 }, (_, i) => 8000 * Math.sin(i / 4)))
const quiet = muLawSilence(20)

/** Feeds frames, 20 ms each, and tells how many it took until the talk was finished; null when it was not. */
async function framesUntilFinished(talk: Talk, frames: Buffer[]): Promise<number | null> {
  let finished = false
  void talk.finished.then(() => {
    finished = true
  })
  for (const [index, frame] of frames.entries()) {
    talk.nextFrame()
    talk.hear(frame)
    await Promise.resolve()
    if (finished) return index + 1
  }
  return null
}

const many = (count: number, frame: Buffer) => Array.from({ length: count }, () => frame)

describe('talking with the agent', () => {
  test('says nothing before the agent is on the line, and then everything but the silence at the end', () => {
    const talk = new Talk(Buffer.concat([quiet, voiced, quiet, quiet]))
    expect(talk.nextFrame()).toBeNull()
    talk.begin()
    expect([talk.nextFrame(), talk.nextFrame(), talk.nextFrame()]).toEqual([quiet, voiced, null])
  })

  test('ends two seconds after the answer', async () => {
    const talk = new Talk(voiced)
    talk.begin()
    const answer = [...many(20, quiet), ...many(50, voiced), ...many(10, quiet), ...many(50, voiced)]
    expect(await framesUntilFinished(talk, [...answer, ...many(500, quiet)])).toBe(answer.length + 100)
  })

  test('ends after ten seconds without an answer', async () => {
    const talk = new Talk(Buffer.alloc(0))
    talk.begin()
    expect(await framesUntilFinished(talk, many(600, quiet))).toBe(500)
  })

  test('takes neither hold music nor words during its own speech for the answer', async () => {
    const talk = new Talk(Buffer.concat(many(100, voiced)))
    expect(await framesUntilFinished(talk, [...many(300, voiced), ...many(300, quiet)])).toBeNull()
    talk.begin()
    expect(await framesUntilFinished(talk, [...many(100, voiced), ...many(490, quiet)])).toBeNull()
  })
})
