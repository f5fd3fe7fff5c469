import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { AGENT_AUDIO_FORMATS } from '../../src/simulator/elevenlabs/audio-format.ts'
import { hearsFirstWords, hearsTone, setFormats } from '../support/agent-ears.ts'
import { World } from '../support/world.ts'

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

  test('cuts an agent short that speaks at another rate, and what was heard is reckoned right', async () => {
    setFormats(world, 'pcm_48000', 'pcm_24000')
    const call = world.call(world.newCaller())
    await call.reaches('bridged.talking')
    const [turn] = await call.hasTurns(1)
    call.speak(1_000)
    await call.sees('cleared')
    const heard = async () => (await call.turns())[0]?.heard ?? ''
    await expect.poll(heard).not.toBe('')
    expect(turn?.text.startsWith(await heard())).toBe(true)
    expect((await heard()).length).toBeLessThan(turn?.text.length ?? 0)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
