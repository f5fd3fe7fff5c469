import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

/** A phone whose words are no session description that anybody could answer. */
const HOPELESS_OFFERS = {
  'no codec that anybody has':
    'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 NOBODY/8000\r\n',
  'no session description at all': 'v=0\r\nthis is not what RFC 4566 says\r\n',
}

describe('What a caller’s phone may say', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  it('CANCEL before the answer: the call ends as given up, and no FreeSWITCH channel stays', async () => {
    const call = sip.call()
    void call.line.cancel()
    const status = await call.answer()
    // The two cross each other: whichever came first, nothing is left.
    expect([200, 487]).toContain(status)
    if (status === 200) await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('an offer only with the ACK: hears the greeting and speaks with the agent', async () => {
    const call = sip.call({ sdp: null })
    expect(await call.answer()).toBe(200)
    await call.hears('the greeting')
    await call.reaches('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('an offer of ours that the ACK leaves open: nothing is heard, and the caller may hang up', async () => {
    const call = sip.call({ sdp: null, leavesOfferOpen: true })
    expect(await call.answer()).toBe(200)
    await call.reaches('greeting')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it.each(Object.entries(HOPELESS_OFFERS))('%s: refused with 488, and written down', async (_, sdp) => {
    const call = sip.call({ sdp })
    expect(await call.answer()).toBe(488)
    expect(await call.outcome()).toBe('carrier_failed')
  })

  it('hold and resume: the call stays, and music is not talked over', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const held = await call.line.hold()
    expect(held.status).toBe(200)
    expect(held.body).toMatch(/a=(recvonly|inactive)/)
    const resumed = await call.line.unhold()
    expect(resumed.status).toBe(200)
    expect(resumed.body).not.toMatch(/a=(recvonly|inactive)/)
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('a re-INVITE that cannot be followed: 488, and the call goes on as it was', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const refused = await call.line.reInvite({ sdp: HOPELESS_OFFERS['no codec that anybody has'] })
    expect(refused.status).toBe(488)
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('OPTIONS and INFO within the call: answered, whatever is in them', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    expect((await call.line.options()).status).toBe(200)
    expect((await call.line.info('5')).status).toBe(200)
    const odd = { headers: { 'Content-Type': 'application/media_control+xml' }, body: '<a/>' }
    expect((await call.line.request('INFO', odd)).status).toBe(415)
    call.line.voice.press('12#')
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('REFER to a stranger: refused, since anybody could dial the world through us', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    expect((await call.line.refer('sip:+15550142@198.51.100.7')).status).toBe(403)
    expect((await call.line.request('REFER', { headers: { 'Refer-To': 'nobody' } })).status).toBe(400)
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it.each([
    ['while greeted', 'greeting'],
    ['while bridged', 'bridged.talking'],
  ])('BYE %s: the call is over', async (_, state) => {
    const call = sip.call()
    await call.answer()
    await call.reaches(state)
    expect((await call.line.bye()).status).toBe(200)
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('BYE on hold: the call is over, and the voice is cloned for the next time', async () => {
    sip.world.vendor.withholdClones = true
    const call = sip.call({ from: await sip.world.newCallerWithVoice() })
    await call.reaches('hold')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
    sip.world.vendor.withholdClones = false
  })

  it('BYE while it hears the apology: why the call failed is not forgotten', async () => {
    sip.world.vendor.answerHtml = 502
    const call = sip.call()
    await sip.world.agentStaysAway(call)
    await call.reaches('failed')
    await call.line.bye()
    expect(await call.outcome()).toBe('agent_unreachable')
    sip.world.vendor.answerHtml = null
  })

  it('nothing at all after the apology: it is hung up', async () => {
    sip.world.vendor.answerHtml = 502
    const call = sip.call()
    await sip.world.agentStaysAway(call)
    expect((await call.line.ended).by).toBe('service')
    expect(await call.outcome()).toBe('agent_unreachable')
    sip.world.vendor.answerHtml = null
  })

  it.skipIf(REAL_SERVERS)(
    'no ACK, or no more refreshes: the server hangs up, and the call failed',
    async () => {
      for (const reason of ['ACK timeout', 'Session timer expired'] as const) {
        const call = sip.call({ withholdsAck: reason === 'ACK timeout' })
        await call.answer()
        await call.reaches('bridged.talking')
        sip.simulated.drachtio.endDialog(call.sid, reason)
        expect(await call.outcome()).toBe('carrier_failed')
      }
    },
  )

  it.skipIf(REAL_SERVERS)('leaves no channel and no dialog anywhere', async () => {
    const { freeSwitch, drachtio } = sip.simulated
    await until('every channel is gone', () => freeSwitch.channels.size === 0)
    await until('every dialog is gone', () => drachtio.dialogCount === 0)
  })
})
