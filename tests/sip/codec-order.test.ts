import { describe, expect, it } from 'vitest'
import { inOrder, offersWideband, onlyCodecs, rateOfLine } from '../../src/telephony/sip/codec-order.ts'

const offer = (...lines: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', ...lines, ''].join('\r\n')

const PHONE = offer(
  'm=audio 4000 RTP/AVP 96 0 8 9 101',
  'a=rtpmap:96 opus/48000/2',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
  'm=video 4002 RTP/AVP 97 0',
)
const payloadsOf = (sdp: string) => /^m=audio \d+ \S+ (.*)\r$/m.exec(sdp)?.[1]

describe('The codecs of an offer', () => {
  it('are those of a telephone line first, and all are kept', () => {
    expect(payloadsOf(inOrder(PHONE, false))).toBe('0 8 9 96 101')
  })

  it('are those of a wideband line first where the agent has use for it', () => {
    expect(payloadsOf(inOrder(PHONE, true))).toBe('9 96 0 8 101')
  })

  it('are only those that a trunk has, with the keys', () => {
    const audio = offer(
      'm=audio 4000 RTP/AVP 96 0 8 9 101',
      'a=rtpmap:96 opus/48000/2',
      'a=fmtp:96 useinbandfec=1',
      'a=rtpmap:101 telephone-event/8000',
    )
    expect(onlyCodecs(audio, [])).toBe(audio)
    const some = onlyCodecs(audio, ['PCMA', 'G722'])
    expect(payloadsOf(some)).toBe('8 9 101')
    expect(some).toContain('telephone-event')
    expect(some).not.toMatch(/opus|fmtp/)
  })

  it('are all that is changed', () => {
    expect(inOrder(PHONE, true).replace('9 96 0 8 101', '96 0 8 9 101')).toBe(PHONE)
  })

  it('stay as they are where nobody knows them, and what is no offer stays what it is', () => {
    const unknown = offer('m=audio 4000 RTP/AVP 98 99', 'a=rtpmap:98 G729/8000')
    for (const sdp of [unknown, offer('m=video 4002 RTP/AVP 0 9'), 'nonsense', '', 'm=audio x'])
      expect(inOrder(sdp, true)).toBe(sdp)
  })

  it.each([
    [offer('m=audio 4000 RTP/AVP 9 101'), 16_000],
    [offer('m=audio 4000 RTP/AVP 0 101'), 8000],
    [offer('m=audio 4000 RTP/AVP 96', 'a=rtpmap:96 opus/48000/2'), 48_000],
    ['', 8000],
  ])('that are answered make a line of so many samples a second', (answer, rate) => {
    expect(rateOfLine(answer)).toBe(rate)
  })

  it.each([
    [PHONE, true],
    [offer('m=audio 4000 RTP/AVP 0 9'), true],
    [offer('m=audio 4000 RTP/AVP 0 97', 'a=rtpmap:97 Opus/48000/2'), true],
    [offer('m=audio 4000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000'), false],
    [offer('m=audio 4000 RTP/AVP 9', 'a=rtpmap:9 PCMU/8000'), false],
    ['', false],
  ])('are more than a telephone line or not', (sdp, isMore) => {
    expect(offersWideband(sdp)).toBe(isMore)
  })
})
