import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLERS_TONE, hearsTone } from '../support/heard-audio.ts'
import { SipWorld } from '../support/sip-world.ts'
import { tone } from '../support/tones.ts'
import { until } from '../support/until.ts'

/** FreeSWITCH takes audio from nowhere else after a call's first packets: else whoever sends to all ports would be heard. */
describe('A phone whose audio comes from another port in mid-call', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ vendor: { keepsCallerAudio: true } })
  })
  afterAll(() => sip.end())

  it('is heard, and hears, once it tells of that by a re-INVITE', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    await call.hasTurns(1)
    call.line.moveAudio()
    expect((await call.line.reInvite()).status).toBe(200)
    const heard = call.line.voice.heardFrames
    await until('it hears again', () => call.line.voice.heardFrames > heard + 10)
    await hearsTone(await call.conversation(1), 'ulaw_8000', () =>
      call.line.voice.say(tone(CALLERS_TONE.frequency, 8000, CALLERS_TONE)),
    )
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
