import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLERS_TONE, hearsFirstWords, hearsTone } from '../support/heard-audio.ts'
import type { InviteOptions } from '../support/simulated-sip/phone/sip-call.ts'
import { type SimulatedEncryption, writeSdp } from '../support/simulated-sip/sdp.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { tone } from '../support/tones.ts'
import { until } from '../support/until.ts'

const OFFERED_PLAIN = /^302 precall "The offer is of plain RTP/
const OFFERED_SRTP = /^302 precall "The offer is of encrypted audio/
const KEYS_IN_THE_CLEAR = /^302 precall "The offer brings its keys in the clear/

const warned = async (call: SipStoryCall): Promise<[number, string]> => {
  const { status, headers } = await call.line.final
  return [status, headers.get('Warning')]
}

/** Real servers encrypt in earnest, which these phones cannot: baresip.test.ts calls those. */
describe.skipIf(REAL_SERVERS)('A caller whose audio is encrypted', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ vendor: { keepsCallerAudio: true } })
  })
  afterAll(() => sip.end())

  it.each([
    { encryption: 'sdes', profile: 'RTP/SAVP' },
    { encryption: 'dtls', profile: 'UDP/TLS/RTP/SAVP' },
  ] as const)(
    'by $encryption hears and is heard, and stays so through hold',
    async ({ encryption, profile }) => {
      const call = sip.call({ encryption })
      expect(profileOf((await call.line.final).body)).toBe(profile)
      await call.hears('the greeting')
      await call.reaches('bridged.talking')
      await hearsFirstWords(call, () => call.line.voice.heard)
      expect(profileOf((await call.line.hold()).body)).toBe(profile)
      expect(profileOf((await call.line.unhold()).body)).toBe(profile)
      await hearsTone(await call.conversation(1), 'ulaw_8000', () =>
        call.line.voice.say(tone(CALLERS_TONE.frequency, 8000, CALLERS_TONE)),
      )
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
    },
  )

  it('gets no plain audio by a change of the session, and the call goes on', async () => {
    const call = sip.call({ encryption: 'sdes' })
    await call.reaches('bridged.talking')
    const plain = call.line.sdp.replace('RTP/SAVP', 'RTP/AVP').replace(/^a=crypto:.*\r\n/m, '')
    const refused = await call.line.reInvite({ sdp: plain })
    expect([refused.status, refused.headers.get('Warning')]).toEqual([
      488,
      expect.stringMatching(OFFERED_PLAIN),
    ])
    const heard = call.line.voice.heardFrames
    await until('more is heard', () => call.line.voice.heardFrames > heard)
    await call.line.bye()
  })

  it('who offers plain RTP beside it is answered medium by medium', async () => {
    const [plain, secure] = [offered('none'), offered('sdes')]
    const call = sip.call({ sdp: `${plain}${secure.slice(secure.indexOf('m=audio'))}` })
    const { body } = await call.line.final
    expect(body.match(/^m=.*/gm)).toEqual([
      expect.stringMatching(/^m=audio 0 RTP\/AVP /),
      expect.stringMatching(/^m=audio [1-9]\d* RTP\/SAVP /),
    ])
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('Where SIP_SRTP is off', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ settings: { SIP_SRTP: 'off' } })
  })
  afterAll(() => sip.end())

  it.each(['sdes', 'dtls'] as const)(
    'audio encrypted by %s alone is refused, and told of',
    async (encryption) => {
      expect(await warned(sip.call({ encryption }))).toEqual([488, expect.stringMatching(OFFERED_SRTP)])
      await until('the log tells of it', () => sip.world.node.output.includes('"reason":"sip_srtp_off"'))
    },
  )

  it('keys beside plain RTP are left out', async () => {
    const call = sip.call({ sdp: offered('sdes').replace('RTP/SAVP', 'RTP/AVP') })
    const { status, body } = await call.line.final
    expect([status, profileOf(body), body.includes('a=crypto')]).toEqual([200, 'RTP/AVP', false])
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('Where SIP_SRTP is required', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ settings: { SIP_SRTP: 'required' } })
  })
  afterAll(() => sip.end())

  it.each<[string, Partial<InviteOptions>, RegExp]>([
    ['plain RTP', {}, OFFERED_PLAIN],
    ['keys that everybody on the way reads', { encryption: 'sdes' }, KEYS_IN_THE_CLEAR],
    ['no offer, for the keys would be ours', { sdp: null }, KEYS_IN_THE_CLEAR],
  ])('%s: refused, and told of', async (_, offer, warning) => {
    expect(await warned(sip.call(offer))).toEqual([488, expect.stringMatching(warning)])
    await until('the log tells of it', () => sip.world.node.output.includes('"reason":"sip_srtp_required"'))
  })

  it.skipIf(REAL_SERVERS).each<[string, Partial<InviteOptions>]>([
    ['keys over TLS', { encryption: 'sdes', transport: 'TLS' }],
    ['a handshake', { encryption: 'dtls' }],
    ['no offer over TLS, which gets one with keys', { sdp: null, transport: 'TLS' }],
  ])('%s: answered, and heard', async (_, offer) => {
    const call = sip.call(offer)
    const { status, body } = await call.line.final
    expect([status, profileOf(body)]).toEqual([200, expect.stringContaining('SAVP')])
    await call.hears('the greeting')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

/** Of somebody who listens nowhere. */
const offered = (encryption: SimulatedEncryption) =>
  writeSdp({ address: '127.0.0.1:4000', codecs: ['PCMU'], encryption })

const profileOf = (sdp: string) => /^m=audio [1-9]\d* (\S+)/m.exec(sdp)?.[1]
