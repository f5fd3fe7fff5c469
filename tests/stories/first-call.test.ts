import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { ALICE, World } from '../support/world.ts'

describe('Alice, who has a voice on file, calls for the first time', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin()
    await world.giveVoice(ALICE)
  })
  afterAll(() => world.end())

  it('calls a service whose vendors have been asked whether they are there', async () => {
    const answer = await fetch(`${world.node.origin}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ database: 'ok', elevenlabs: 'ok', twilio: 'ok' })
  })

  it('is greeted at once, waits for her voice to be cloned, and speaks with the agent in it', async () => {
    const call = world.call(ALICE)
    const conversation = await call.conversation(1)
    const [clone] = [...world.vendor.voices.values()].filter((voice) => voice.category === 'cloned')
    expect(conversation.voiceId).toBe(clone?.voiceId)
    expect(call.caller.heard.length).toBeGreaterThan(0)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('presses keys, of which the agent is told as of a sentence of hers', async () => {
    const call = world.call(ALICE)
    await call.reaches('bridged.talking')
    for (const key of '42#') call.line.pressDigit(key)
    const [conversation] = await call.conversations()
    await until('the agent is told', () =>
      conversation?.transcript.some(({ message }) => message === '(I pressed 4 2 # on the keypad.)'),
    )
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
