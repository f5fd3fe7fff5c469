import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REAL_SERVERS, SIP_TIME_SCALE } from '../support/sip-servers.ts'
import { type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

/** Nobody may be silent for longer. */
const SILENCE_S = 3

let sip: SipWorld
beforeAll(async () => {
  sip = await SipWorld.begin({ settings: { SILENCE_TIMEOUT_SECONDS: `${SILENCE_S}` } })
})
afterAll(() => sip.end())

async function talking(): Promise<SipStoryCall> {
  const call = sip.call()
  await call.reaches('bridged.talking')
  return call
}

/** How the agent was told of the line, in order. */
async function told(call: SipStoryCall): Promise<string[]> {
  const [conversation] = await call.conversations()
  return (conversation?.contextualUpdates ?? []).map((text) => (text.includes('on hold') ? 'hold' : 'back'))
}

describe('A caller who puts the call on hold for longer than anybody may be silent', () => {
  it.each([
    ['sendonly', (call: SipStoryCall) => call.line.reInvite({ direction: 'sendonly' })],
    ['inactive', (call: SipStoryCall) => call.line.reInvite({ direction: 'inactive' })],
    [
      'the address 0.0.0.0',
      (call: SipStoryCall) => {
        const sdp = call.line.sdp.replace(/^c=IN IP4 \S+/m, 'c=IN IP4 0.0.0.0')
        return call.line.reInvite({ direction: 'inactive', sdp: sdp.replace('a=sendrecv', 'a=inactive') })
      },
    ],
    [
      'an UPDATE',
      async (call: SipStoryCall) => {
        const sdp = call.line.sdp.replace('a=sendrecv', 'a=inactive')
        const headers = { 'Content-Type': 'application/sdp' }
        return call.line.request('UPDATE', { headers, body: sdp })
      },
    ],
  ])('%s: the agent waits, hears of it, and goes on in the same conversation', async (_, hold) => {
    const call = await talking()
    expect((await hold(call)).status).toBe(200)
    await until('the agent is told', async () => (await told(call)).join() === 'hold')
    // The present state must outlast what would end it.
    await pause(SILENCE_S * 2_500)
    expect(await call.state()).toBe('bridged.talking')
    expect((await call.line.unhold()).status).toBe(200)
    await until('the agent is told again', async () => (await told(call)).join() === 'hold,back')
    call.line.voice.press('5#')
    await until('the agent hears keys again', async () =>
      (await call.turns()).some(({ text }) => text.includes('5 #')),
    )
    expect(await call.conversations()).toHaveLength(1)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('A phone of which nothing is heard', () => {
  it('because it has vanished, is noticed within the time that the setting says', async () => {
    const call = await talking()
    call.line.vanish()
    expect(await call.outcome()).toBe('carrier_failed')
  })

  it('because it never sent any audio, likewise', async () => {
    const call = sip.call()
    call.line.closeAudio()
    expect(await call.answer()).toBe(200)
    expect((await call.line.ended).by).toBe('service')
    expect(await call.outcome()).toBe('carrier_failed')
  })
})

describe('What a phone is refused in a call', () => {
  const session = (media: string) =>
    `v=0\r\no=phone 1 7 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n${media}`

  it('a fax, G.729 or SRTP: 488, and the next hold, resume and UPDATE are answered at once', async () => {
    const call = await talking()
    for (const media of [
      'm=audio 0 RTP/AVP 0\r\nm=image 4000 udptl t38\r\n',
      'm=audio 4000 RTP/AVP 18\r\n',
      'm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n',
    ])
      expect((await call.line.reInvite({ sdp: session(media) })).status).toBe(488)
    expect((await call.line.hold()).status).toBe(200)
    expect((await call.line.unhold()).status).toBe(200)
    const body = call.line.sdp
    expect(
      (await call.line.request('UPDATE', { headers: { 'Content-Type': 'application/sdp' }, body })).status,
    ).toBe(200)
    const heard = call.line.voice.heardFrames
    const frames = 100
    const begun = performance.now()
    await until('a hundred frames more are heard', async () => call.line.voice.heardFrames >= heard + frames)
    if (REAL_SERVERS) expect((performance.now() - begun) / frames).toBeLessThan(20 / SIP_TIME_SCALE + 10)
    expect(await call.conversations()).toHaveLength(1)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
