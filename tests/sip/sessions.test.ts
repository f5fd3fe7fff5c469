import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

/*
 * A session that changes while the call lives: who is on hold, what is spoken, and for how long it is believed.
 */

let sip: SipWorld
beforeAll(async () => {
  sip = await SipWorld.begin()
})
afterAll(() => sip.end())

async function talking(options: Parameters<SipWorld['call']>[0] = {}): Promise<SipStoryCall> {
  return sip.call(options).reaches('bridged.talking')
}

async function hangsUp(call: SipStoryCall): Promise<void> {
  await call.line.bye()
  expect(await call.outcome()).toBe('caller_hung_up')
}

/** The caller says something, and the agent answers. */
async function converses(call: SipStoryCall): Promise<void> {
  const turns = (await call.turns()).length
  const from = call.line.voice.heard.length
  call.line.voice.say(VOWEL)
  await call.hasTurns(turns + 2)
  await call.hears('the agent’s answer', from)
}

/** Loud enough to be taken for a voice, with the silence after it that ends an utterance. */
const VOWEL = Int16Array.from({ length: 16_000 }, (_, i) => (i < 9_600 ? 9_000 * Math.sin(i / 4) : 0))

describe('A re-INVITE', () => {
  it('to another codec: both go on hearing each other', async () => {
    const call = await talking()
    await call.hasTurns(1)
    const changed = await call.line.reInvite({ codecs: ['PCMA', 'telephone-event'] })
    expect([changed.status, changed.body]).toEqual([200, expect.stringMatching(/^m=audio \d+ RTP\/AVP 8\b/m)])
    await converses(call)
    await hangsUp(call)
  })

  it.skipIf(REAL_SERVERS)(
    'that comes in one piece with the word that the answer was sent is looked at',
    async () => {
      const { drachtio, freeSwitch } = sip.simulated
      freeSwitch.faults.socketDelayMs = 150
      const call = sip.call()
      await until('FreeSWITCH has answered', () => drachtio.dialogCount === 1)
      drachtio.heldBackMs = 300
      await call.answer()
      const speechless = call.line.sdp.replace(/^(m=audio \d+ RTP\/AVP) .*$/m, '$1 18')
      expect((await call.line.reInvite({ sdp: speechless })).status).toBe(488)
      drachtio.heldBackMs = 0
      freeSwitch.faults.socketDelayMs = 0
      await hangsUp(call)
    },
  )

  it('to hold and back: both go on hearing each other', async () => {
    const call = await talking()
    await call.hasTurns(1)
    expect((await call.line.hold()).body).toMatch(/a=(recvonly|inactive)/)
    await pause(200)
    expect((await call.line.unhold()).status).toBe(200)
    await converses(call)
    await hangsUp(call)
  })

  it('without an offer gets ours, and the answer to it comes with the ACK', async () => {
    const call = await talking()
    await call.hasTurns(1)
    const offered = await call.line.reInvite({ sdp: null })
    expect([offered.status, offered.body]).toEqual([200, expect.stringContaining('m=audio')])
    await converses(call)
    await hangsUp(call)
  })

  it('that only refreshes changes nothing', async () => {
    const call = await talking()
    const { sdp } = call.line
    for (let times = 0; times < 3; times++) {
      const refreshed = await call.line.reInvite({
        sdp,
        headers: { 'Session-Expires': '1800;refresher=uac' },
      })
      expect(refreshed.status).toBe(200)
    }
    await converses(call)
    await hangsUp(call)
  })

  it('ten times at once, as a phone that is out of order sends it: the call lives', async () => {
    const call = await talking()
    const answers = await Promise.all(Array.from({ length: 10 }, () => call.line.reInvite()))
    for (const { status } of answers) expect([200, 488, 491, 500]).toContain(status)
    await converses(call)
    await hangsUp(call)
  })
})

describe('An UPDATE', () => {
  it('changes the session as a re-INVITE does, and without an offer only says that the phone is there', async () => {
    const call = await talking()
    expect((await call.line.request('UPDATE')).status).toBe(200)
    const held = { body: call.line.sdp.replace('a=sendrecv', 'a=sendonly') }
    expect((await call.line.request('UPDATE', held)).body).toMatch(/a=(recvonly|inactive)/)
    expect((await call.line.request('UPDATE', { body: call.line.sdp })).body).not.toMatch(
      /a=(recvonly|inactive)/,
    )
    await hangsUp(call)
  })
})

describe('A session timer (RFC 4028)', () => {
  it('is agreed to, and the caller is the one to refresh', async () => {
    for (const offered of ['1800', '1800;refresher=uac']) {
      const call = sip.call({ headers: { 'Session-Expires': offered, Supported: 'timer' } })
      const answer = await call.line.final
      expect(answer.headers.get('Session-Expires')).toBe('1800;refresher=uac')
      await call.reaches('bridged.talking')
      await hangsUp(call)
    }
  })

  it('that is too short for a running call is refused, and the call goes on', async () => {
    const call = await talking({ headers: { 'Session-Expires': '90', Supported: 'timer' } })
    const refused = await call.line.reInvite({ headers: { 'Session-Expires': '20', Supported: 'timer' } })
    expect([refused.status, refused.headers.get('Min-SE')]).toEqual([422, '90'])
    await hangsUp(call)
  })

  it.runIf(REAL_SERVERS)(
    'that runs out ends the call, and one that is refreshed does not',
    async () => {
      const timer = { 'Session-Expires': '90', Supported: 'timer' }
      const [refreshed, forgotten] = await Promise.all([
        talking({ headers: timer }),
        talking({ headers: timer }),
      ])
      await pause(45_000)
      expect((await refreshed.line.reInvite({ headers: timer })).status).toBe(200)
      expect((await forgotten.line.ended).by).toBe('service')
      expect(await forgotten.outcome()).toBe('carrier_failed')
      await pause(10_000)
      expect(await refreshed.state()).toBe('bridged.talking')
      await hangsUp(refreshed)
    },
    150_000,
  )
})
