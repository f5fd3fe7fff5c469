import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { World } from '../support/world.ts'

/** Before so many steps of any call the node is killed; more often than MAX_JOINS - 1 no stream would be bridged again. */
const KILLS = 4
const LONGEST_LIFE = 14
/** A process starts in a second or two, on a busy machine in more. */
const TIMEOUT_MS = 60_000

/** Set STORY_SEED to what a failed run printed. */
const SEED = Number(process.env.STORY_SEED ?? randomInt(1_000_000))

describe(`Calls on a node that is killed at any moment (STORY_SEED=${SEED})`, () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true })
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  it('all come to their agent, and to their end', { timeout: TIMEOUT_MS }, async () => {
    const random = randomFrom(SEED)
    const callers = [world.newCaller(), await world.newCallerWithVoice(), await world.newCallerWithVoice()]
    const calls = [...callers, callers[1]].map((caller) => world.call(caller))
    for (let kill = 0; kill < KILLS; kill++) {
      await steps(1 + Math.floor(random() * LONGEST_LIFE))
      await world.node.kill()
      await world.node.start()
    }
    for (const call of calls) await call.reaches('bridged.talking')
    for (const call of calls) {
      call.hangUp()
      expect(await call.outcome()).toBe('caller_hung_up')
    }
    // What the vendor was asked for by a node that died is looked for a quarter of an hour later.
    await world.passTime(16 * 60_000)
  })

  /** Resolves when the calls have made so many steps, or have nothing to do for a while. */
  async function steps(count: number): Promise<void> {
    const client = new pg.Client({ connectionString: world.db.url })
    await client.connect()
    await client.query('listen call_feed')
    const idle = AbortSignal.timeout(1_000)
    for (let step = 0; step < count && !idle.aborted; step++) {
      await once(client, 'notification', { signal: idle }).catch(() => {})
    }
    await client.end()
  }
})

/** A linear congruential generator (Numerical Recipes): the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
