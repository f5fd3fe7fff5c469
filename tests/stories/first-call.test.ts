import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALICE, World } from '../support/world.ts'

describe('Alice, who has a voice on file, calls for the first time', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ settings: { DRAIN_SECONDS: '1' } })
    await world.giveVoice()
  })
  afterAll(() => world.end())

  it('is greeted at once, waits for her voice to be cloned, and speaks with the agent in it', async () => {
    const heard: number[] = []
    const call = world.carrier.call({
      from: ALICE,
      caller: { hear: (frame) => heard.push(frame.length), nextFrame: () => null },
    })
    await expect.poll(() => world.vendor.conversations.size, { timeout: 15_000 }).toBe(1)
    const [conversation] = world.vendor.conversations.values()
    const [clone] = [...world.vendor.voices.values()].filter((voice) => voice.category === 'cloned')
    expect(conversation?.voiceId).toBe(clone?.voiceId)
    expect(heard.length).toBeGreaterThan(0)
    call.hangUp()
    await expect
      .poll(() => world.db.query('select outcome from call_log'), { timeout: 10_000 })
      .toEqual([{ outcome: 'caller_hung_up' }])
  })
})
