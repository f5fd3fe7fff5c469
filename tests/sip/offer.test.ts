import { describe, expect, it } from 'vitest'
import { namesHosts } from '../../src/telephony/sip/contact.ts'
import { encryptionsFor } from '../../src/telephony/sip/media-encryption.ts'
import {
  isHold,
  isOrdinary,
  type OfferTerms,
  TakenOffer,
  type UnusableOffer,
} from '../../src/telephony/sip/offer.ts'

const session = (media: string, address = 'c=IN IP4 192.0.2.1\r\n') =>
  `v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n${address}t=0 0\r\n${media}`
const AUDIO = 'm=audio 4000 RTP/AVP 0 8\r\n'
const SECURE = 'm=audio 4002 RTP/SAVP 0 8\r\n'
const DTLS = 'm=audio 4004 UDP/TLS/RTP/SAVP 0\r\n'
const KEY = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 1).toString('base64')}\r\n`
const FINGERPRINT = 'a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n'
const ICE = 'a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n'

const PLAIN = { isWideband: false, encryptions: encryptionsFor('off', true) }
const EITHER = { isWideband: false, encryptions: encryptionsFor('optional', false) }
const OVER_TLS = { isWideband: false, encryptions: encryptionsFor('required', true) }
const IN_THE_CLEAR = { isWideband: false, encryptions: encryptionsFor('required', false) }

describe('An offer', () => {
  it('without a codec of its trunk is refused before FreeSWITCH is asked', () => {
    const onlyPcma = { ...EITHER, codecs: ['PCMA'] }
    expect(refusalOf(session('m=audio 4000 RTP/AVP 0 101\r\n'), onlyPcma)).toMatchObject({ status: 488 })
    expect(new TakenOffer(session(AUDIO), onlyPcma).forwarded).toContain('m=audio 4000 RTP/AVP 8\r\n')
  })

  it.each([
    ['a fax', session('m=audio 0 RTP/AVP 0\r\nm=image 4000 udptl t38\r\n'), 488, /^304 /],
    ['G.729 alone', session('m=audio 4000 RTP/AVP 18\r\n'), 488, /^305 /],
    ['a port beyond all ports', session('m=audio 99999 RTP/AVP 0\r\n'), 488, /^399 /],
    ['no address', session(AUDIO, ''), 488, /^301 /],
    ['words', 'hello', 488, /^399 /],
    ['an unknown profile', session('m=audio 4000 RTP/XYZ 0\r\n'), 488, /^302 /],
    ['SRTP without a key', session(SECURE), 488, /^302 /],
    [
      'a key that is too short',
      session(`${SECURE}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=\r\n`),
      488,
      /^302 /,
    ],
    [
      'a suite without authentication',
      session(SECURE + KEY.replace('HMAC_SHA1_80', 'NULL_AUTH')),
      488,
      /^302 /,
    ],
    ['a key that protects nothing', session(`${SECURE}${KEY.trimEnd()} UNENCRYPTED_SRTP\r\n`), 488, /^302 /],
    ['DTLS without a fingerprint', session(DTLS), 488, /^302 /],
    [
      'more media than an answer could refuse',
      session(AUDIO + 'm=video 0 RTP/AVP 96\r\n'.repeat(80)),
      413,
      undefined,
    ],
    ['nine kilobytes', session(`${AUDIO}${'a=x:y\r\n'.repeat(1_300)}`), 413, undefined],
    [
      'more payload types than fit',
      session(`m=audio 4000 RTP/AVP 0${' 8'.repeat(2_000)}\r\n`),
      413,
      undefined,
    ],
  ])('of %s is refused before FreeSWITCH is asked', (_, sdp, status, warning) => {
    const refusal = refusalOf(sdp, EITHER)
    expect(refusal).toMatchObject({ status })
    if (warning) expect(refusal?.headers.Warning).toMatch(warning)
  })

  it.each([
    ['plain RTP', session(AUDIO), PLAIN, 'none'],
    ['plain RTP', session(AUDIO), EITHER, 'none'],
    ['plain RTP', session(AUDIO), OVER_TLS, 'sip_srtp_required'],
    ['SRTP alone', session(SECURE + KEY), PLAIN, 'sip_srtp_off'],
    ['SRTP alone', session(SECURE + KEY), EITHER, 'sdes'],
    ['SRTP alone', session(SECURE + KEY), OVER_TLS, 'sdes'],
    ['SRTP alone, its key readable by all', session(SECURE + KEY), IN_THE_CLEAR, 'sip_srtp_required'],
    ['DTLS alone', session(DTLS + FINGERPRINT), PLAIN, 'sip_srtp_off'],
    ['DTLS alone', session(DTLS + FINGERPRINT), EITHER, 'dtls'],
    ['DTLS alone', session(DTLS + FINGERPRINT), IN_THE_CLEAR, 'dtls'],
    ['a fingerprint for all media', session(FINGERPRINT + DTLS), EITHER, 'dtls'],
    ['plain RTP with a key', session(AUDIO + KEY), PLAIN, 'none'],
    ['plain RTP with a key', session(AUDIO + KEY), EITHER, 'sdes'],
    ['plain RTP with a fingerprint', session(AUDIO + FINGERPRINT), IN_THE_CLEAR, 'dtls'],
    ['plain RTP and SRTP', session(AUDIO + SECURE + KEY), PLAIN, 'none'],
    ['plain RTP and SRTP', session(AUDIO + SECURE + KEY), EITHER, 'sdes'],
    ['SRTP and plain RTP', session(SECURE + KEY + AUDIO), OVER_TLS, 'sdes'],
    ['SRTP with a key or a handshake', session(SECURE + KEY + FINGERPRINT), EITHER, 'sdes'],
    ['SRTP with a key or a handshake', session(SECURE + KEY + FINGERPRINT), IN_THE_CLEAR, 'dtls'],
  ])('of %s (%#) is taken as the policy has it, or refused', (_, sdp, terms, expected) => {
    expect(refusalOf(sdp, terms)?.reason ?? new TakenOffer(sdp, terms).encryption).toBe(expected)
  })

  it.each([
    ['keys of plain RTP', AUDIO + KEY + FINGERPRINT, PLAIN, AUDIO],
    ['feedback, which is for video', 'm=audio 4000 RTP/AVPF 0\r\n', EITHER, 'm=audio 4000 RTP/AVP 0\r\n'],
    ['the other profile', AUDIO + KEY, EITHER, AUDIO.replace('AVP', 'SAVP') + KEY],
    ['keys that nobody can use', `${SECURE}a=crypto:2 X inline:y\r\n${KEY}`, EITHER, SECURE + KEY],
    ['the other medium', AUDIO + SECURE + KEY, EITHER, SECURE + KEY],
    ['video', `${AUDIO}m=video 4002 RTP/AVP 96\r\n`, EITHER, AUDIO],
    ['a fingerprint that is not its own', FINGERPRINT + DTLS, EITHER, DTLS + FINGERPRINT],
    [
      'nothing of a browser’s',
      DTLS.replace('SAVP', 'SAVPF') + ICE + FINGERPRINT,
      EITHER,
      DTLS.replace('SAVP', 'SAVPF') + ICE + FINGERPRINT,
    ],
  ])('reaches FreeSWITCH without %s', (_, media, terms, expected) => {
    expect(new TakenOffer(session(media), terms).forwarded).toBe(session(expected))
  })

  it('is answered medium by medium, in the profiles that it has', () => {
    const offered = `m=video 4006 RTP/AVPF 96 97\r\na=rtpmap:96 VP8/90000\r\n${AUDIO}a=sendrecv\r\n${KEY}${SECURE}`
    const answer = 'm=audio 25000 RTP/SAVP 0\r\na=sendrecv\r\n'
    expect(new TakenOffer(session(offered), EITHER).answer(session(answer))).toBe(
      session(
        'm=video 0 RTP/AVPF 96 97\r\nm=audio 25000 RTP/AVP 0\r\na=sendrecv\r\nm=audio 0 RTP/SAVP 0 8\r\n',
      ),
    )
  })

  it('that is long keeps of its attributes those of the audio', () => {
    const noise = `a=ssrc:1 cname:${'x'.repeat(60)}\r\n`.repeat(50)
    const sdp = session(`${AUDIO}a=rtpmap:0 PCMU/8000\r\n${noise}a=sendonly\r\n`)
    expect(new TakenOffer(sdp, PLAIN).forwarded).toBe(
      session(`${AUDIO}a=rtpmap:0 PCMU/8000\r\na=sendonly\r\n`),
    )
  })

  it.each([
    [session(AUDIO), true],
    [session('m=audio 4000 RTP/AVP 9\r\n'), false],
    [session(AUDIO, 'c=IN IP4 phone.example\r\n'), false],
  ])('is one that every FreeSWITCH takes, or not', (sdp, expected) => {
    expect(isOrdinary(sdp)).toBe(expected)
  })

  it.each([
    ['sendonly', session(`${AUDIO}a=sendonly\r\n`), true],
    ['inactive', session(`${AUDIO}a=inactive\r\n`), true],
    ['inactive for all media', session(`a=inactive\r\n${AUDIO}`), true],
    ['inactive for all media but this', session(`a=inactive\r\n${AUDIO}a=sendrecv\r\n`), false],
    ['the address 0.0.0.0', session(AUDIO, 'c=IN IP4 0.0.0.0\r\n'), true],
    ['recvonly', session(`${AUDIO}a=recvonly\r\n`), false],
    ['nothing', session(AUDIO), false],
  ])('with %s holds, or does not', (_, sdp, expected) => {
    expect(isHold(sdp)).toBe(expected)
  })
})

function refusalOf(sdp: string, terms: OfferTerms): UnusableOffer | null {
  try {
    new TakenOffer(sdp, terms)
    return null
  } catch (error) {
    return error as UnusableOffer
  }
}

describe('A Contact', () => {
  it.each([
    ['<sip:a@192.0.2.1:5060>', true],
    ['sip:a@192.0.2.1', true],
    ['"A, <b> \\" c" <sips:phone.example;transport=tls>;expires=9', true],
    ['<sip:[2001:db8::1]:5060>', true],
    ['*', false],
    ['<*>', false],
    ['<tel:+15550040001>', false],
    ['sip:', false],
    ['<sip:a@>', false],
    ['"<sip:a@b>" <tel:+1>', false],
    ['', false],
  ])('%s has a host in each address, or not', (contact, expected) => {
    expect(namesHosts(contact)).toBe(expected)
  })
})
