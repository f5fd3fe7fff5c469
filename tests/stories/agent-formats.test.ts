import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { AGENT_AUDIO_FORMATS } from '../../src/simulator/elevenlabs/audio-format.ts'
import { hearsFirstWords, hearsTone, setFormats } from '../support/heard-audio.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/** A second of a telephone's audio: some words, and not all of them. */
const HEARD_BYTES = 8_000

describe('A caller over Twilio', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ vendor: { keepsCallerAudio: true } })
  })
  afterAll(() => world.end())

  test.each([
    ...AGENT_AUDIO_FORMATS.map((format) => [format, format] as const),
    ['ulaw_8000', 'pcm_44100'] as const,
    ['pcm_16000', 'ulaw_8000'] as const,
  ])('talks to an agent that hears %s and speaks %s', async (hears, speaks) => {
    setFormats(world, hears, speaks)
    const call = world.call(world.newCaller())
    await call.reaches('bridged.talking')
    await hearsFirstWords(call, () => decodeMuLaw(call.caller.heard))
    await hearsTone(await call.conversation(1), hears, () => call.speak(1_500))
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('A caller who talks over an agent', () => {
  let world: World
  beforeAll(async () => {
    // A word lasts long enough to be cut off in the middle on a busy machine, too.
    world = await World.begin({ timeScale: 0.3 })
  })
  afterAll(() => world.end())

  test('that speaks at another rate cuts it short, and what was heard is reckoned right', async () => {
    setFormats(world, 'pcm_48000', 'pcm_24000')
    const call = world.call(world.newCaller())
    await call.reaches('bridged.talking')
    const [turn] = await call.hasTurns(1)
    // Of an agent that is cut off before its first word, nothing was heard.
    const from = call.caller.heard.length
    await until('the agent is heard', () => call.caller.heard.length - from > HEARD_BYTES)
    call.speak(1_000)
    await call.sees('cleared')
    const heard = async () => (await call.turns())[0]?.heard ?? ''
    await until('it is written how much was heard', async () => (await heard()) !== '')
    expect(turn?.text.startsWith(await heard())).toBe(true)
    expect((await heard()).length).toBeLessThan(turn?.text.length ?? 0)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
