import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { LoopDelay, loopDelay } from '../../src/runtime/loop-delay.ts'
import { withTimeout } from '../../src/runtime/with-timeout.ts'

/** A loop whose time a test moves: in order, or by one leap. */
function loop() {
  let now = 1_000
  const stalls: number[] = []
  const delay = new LoopDelay({ now: () => now, onStall: (lateMs) => stalls.push(lateMs) })
  return {
    delay,
    stalls,
    runs(ms: number) {
      for (let passed = 0; passed < ms; passed += 20) {
        now += 20
        delay.tick()
      }
    },
    stands(ms: number) {
      now += ms
    },
  }
}

describe('an event loop', () => {
  it('that runs is never late', () => {
    const { delay, runs, stalls } = loop()
    runs(10_000)
    expect([delay.totalMs, delay.lateWithin(5_000), stalls]).toEqual([0, 0, []])
  })

  it('that stands still is late by that, less the two frames that are ordinary', () => {
    const { delay, stands, stalls } = loop()
    stands(3_040)
    delay.tick()
    expect([delay.totalMs, stalls]).toEqual([3_000, [3_000]])
  })

  it('is known to be late before its own timer has run', () => {
    const { delay, stands } = loop()
    stands(3_040)
    expect([delay.totalMs, delay.lateWithin(10_000), delay.lateWithin(500)]).toEqual([3_000, 3_000, 500])
    delay.tick()
    expect([delay.totalMs, delay.lateWithin(10_000)]).toEqual([3_000, 3_000])
  })

  it('was late within a span by what of the stall lies in it', () => {
    const { delay, stands, runs } = loop()
    stands(1_040)
    delay.tick()
    runs(2_000)
    const spans = [2_000, 2_500, 9_000]
    expect(spans.map((ms) => delay.lateWithin(ms))).toEqual([0, 500, 1_000])
  })

  it('forgets a stall that nobody asks about any more, not its part of the whole', () => {
    const { delay, stands, runs } = loop()
    stands(1_040)
    delay.tick()
    runs(200_000)
    stands(140)
    delay.tick()
    expect([delay.lateWithin(120_000), delay.totalMs]).toEqual([100, 1_100])
  })
})

/** Nothing runs in this thread meanwhile, as in one long computation. */
const holdUp = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

describe('a time-out', () => {
  it('does not blame others for a stall of our own', async () => {
    const other = new Worker(
      `require('node:worker_threads').parentPort.on('message', (word) => {
         require('node:worker_threads').parentPort.postMessage(word)
       })`,
      { eval: true },
    )
    await once(other, 'online')
    const answered = once(other, 'message')
    other.postMessage('there?')
    const asked = withTimeout(200, answered, 'the other one is dead')
    holdUp(1_500)
    expect(await asked).toEqual(['there?'])
    await other.terminate()
  })

  it('still ends: what we were late is waited for once more, no longer', async () => {
    const before = loopDelay.totalMs
    const asked = withTimeout(100, new Promise(() => {}), 'the other one is dead')
    holdUp(500)
    await expect(asked).rejects.toThrow('the other one is dead')
    expect(loopDelay.totalMs - before).toBeGreaterThan(300)
  })

  it('that is called off never fires', async () => {
    const fired: string[] = []
    const cancel = loopDelay.after(10, () => fired.push('cancelled'))
    loopDelay.after(20, () => fired.push('not cancelled'))
    cancel()
    await expect.poll(() => fired).toEqual(['not cancelled'])
  })
})
