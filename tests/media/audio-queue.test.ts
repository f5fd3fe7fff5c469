import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AudioQueue, type FrameSink } from '../../src/media/audio-queue.ts'
import { ManualClock } from '../support/manual-clock.ts'

const LIMITS = { socketBytes: 100, waitingBytes: 300 }

/** A socket that keeps what it is sent until it is let go. */
class StuckSink implements FrameSink {
  readonly sent: string[] = []
  bufferedBytes = 0
  send(frame: Buffer): void {
    this.sent.push(frame.toString())
    this.bufferedBytes += frame.length
  }
}

function newQueue() {
  const [sink, clock] = [new StuckSink(), new ManualClock()]
  const seen = { dropped: 0, waited: [] as number[] }
  const queue = new AudioQueue(sink, LIMITS, clock, {
    dropped: (frames) => {
      seen.dropped += frames
    },
    waited: (milliseconds) => seen.waited.push(milliseconds),
  })
  return { queue, sink, clock, seen }
}

test('whatever the socket does, order holds, control is never lost and what waits is bounded', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('audio' as const), size: fc.integer({ min: 8, max: 80 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('control' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), taken: fc.nat({ max: 400 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { queue, sink, seen } = newQueue()
      const audio = new Map<string, number>()
      let [given, controls] = [0, 0]
      for (const each of steps) {
        const name = String(given++).padStart(8, '0')
        if (each.do === 'audio') {
          audio.set(name.padEnd(each.size, '.'), each.size)
          queue.audio(Buffer.from(name.padEnd(each.size, '.')))
        } else if (each.do === 'control') {
          controls++
          queue.control(Buffer.from(`${name}!`))
        } else if (each.do === 'drain') {
          sink.bufferedBytes = Math.max(0, sink.bufferedBytes - each.taken)
          queue.drain()
        } else queue.dropAudio()
        const gone = sink.sent.filter((frame) => audio.has(frame)).length + seen.dropped
        const waiting = [...audio].slice(gone)
        expect(waiting.reduce((sum, [, size]) => sum + size, 0)).toBeLessThanOrEqual(LIMITS.waitingBytes)
      }
      queue.dropAudio()
      expect(sink.sent).toEqual([...sink.sent].sort())
      expect(sink.sent.filter((frame) => frame.endsWith('!'))).toHaveLength(controls)
      expect(sink.sent.filter((frame) => audio.has(frame)).length + seen.dropped).toBe(audio.size)
      expect(queue.isWaiting).toBe(false)
    }),
  )
})

test('audio passes at once, then waits, then the oldest goes; what waited says how long', () => {
  const { queue, sink, clock, seen } = newQueue()
  const frame = (name: string) => Buffer.from(name.repeat(60))
  for (const name of 'abcdefgh') queue.audio(frame(name))
  expect(sink.sent.map(([name]) => name)).toEqual(['a', 'b'])
  expect(seen.dropped).toBe(1)
  clock.advance(40)
  sink.bufferedBytes = 0
  queue.audio(frame('i'))
  expect(sink.sent.map(([name]) => name)).toEqual(['a', 'b', 'd', 'e'])
  expect(seen.waited).toEqual([40, 40])
  sink.bufferedBytes = -1_000
  queue.drain()
  expect(sink.sent.map(([name]) => name)).toEqual(['a', 'b', 'd', 'e', 'f', 'g', 'h', 'i'])
})
