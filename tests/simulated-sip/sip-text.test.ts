import { describe, expect, test } from 'vitest'
import { frame, MessageReader } from '../support/simulated-sip/drachtio/wire.ts'
import { separateArguments } from '../support/simulated-sip/free-switch/arguments.ts'
import { answeringDirection, readSdp, writeSdp } from '../support/simulated-sip/sdp.ts'
import { addressOf, parseSip, tagOf, uriOf, writeSip } from '../support/simulated-sip/sip-message.ts'

describe('the framing of drachtio-server', () => {
  test('counts bytes, and puts messages together again however they are cut', () => {
    const stream = Buffer.from(frame('grüß') + frame('second'))
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new MessageReader()
      const messages = [...reader.read(stream.subarray(0, cut)), ...reader.read(stream.subarray(cut))]
      expect(messages).toEqual(['grüß', 'second'])
    }
  })

  test.each(['GET / HTTP/1.1', '123456#x', '#x'])('does not take %s', (text) => {
    expect(() => new MessageReader().read(Buffer.from(text))).toThrow(SyntaxError)
  })
})

describe('a SIP message', () => {
  const TEXT =
    'INVITE sip:100@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP a\r\nf: "A" <sip:a@b>;tag=x\r\nSubject: one\r\n two\r\n\r\nbody'

  test('is read with compact names and folded lines', () => {
    const message = parseSip(TEXT)
    expect(message).toMatchObject({ method: 'INVITE', uri: 'sip:100@127.0.0.1', body: 'body' })
    expect(message.headers.get('via')).toBe('SIP/2.0/UDP a')
    expect(tagOf(message.headers.get('FROM'))).toBe('x')
    expect(message.headers.get('subject')).toBe('one\r\n two')
  })

  test('is written with the length of its body in bytes', () => {
    const written = writeSip({ ...parseSip('SIP/2.0 200 OK\r\n\r\n'), body: 'grüß' })
    expect(written).toBe('SIP/2.0 200 OK\r\nContent-Length: 6\r\n\r\ngrüß')
  })

  test('must be one', () => {
    expect(() => parseSip('GET / HTTP/1.1\r\n\r\n')).toThrow('does not begin a SIP message')
  })

  test.each([
    ['<sip:a@10.0.0.1:5070;transport=udp>;tag=1', 'sip:a@10.0.0.1:5070;transport=udp', '10.0.0.1:5070'],
    ['sip:10.0.0.1', 'sip:10.0.0.1', '10.0.0.1:5060'],
    ['"x" <sip:+1@[::1]:9>', 'sip:+1@[::1]:9', '[::1]:9'],
  ])('has an address in %s', (field, uri, address) => {
    expect(uriOf(field)).toBe(uri)
    expect(addressOf(uri)).toBe(address)
  })
})

describe('a session description', () => {
  test('is read as it was written', () => {
    const description = {
      address: '10.0.0.1:4000',
      codecs: ['PCMU', 'telephone-event'],
      direction: 'sendonly',
      encryption: 'sdes',
    } as const
    expect(readSdp(writeSdp(description))).toEqual(description)
  })

  test.each(['', 'v=0\r\nm=video 1 RTP/AVP 96\r\n', 'v=0\r\nm=audio 0 RTP/AVP 0\r\n'])(
    'without audio is none: %j',
    (sdp) => {
      expect(readSdp(sdp)).toBeNull()
    },
  )

  test.each([
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
    ['sendrecv', 'sendrecv'],
  ] as const)('%s is answered with %s', (offered, answer) => {
    expect(answeringDirection(offered)).toBe(answer)
  })

  test('has only codecs that there are', () => {
    expect(() => writeSdp({ address: 'a:1', codecs: ['G729'] })).toThrow(RangeError)
  })
})

/** What switch_separate_string makes of them. */
describe('arguments of FreeSWITCH', () => {
  test.each([
    ['uuid  stop bot', 10, ['uuid', 'stop', 'bot']],
    ['^^|uuid|start||x', 10, ['uuid', 'start', '', 'x']],
    ['^^|a|b|', 10, ['a', 'b']],
    ["^^|a|'b|c'|d", 10, ['a', 'b|c', 'd']],
    ["^^|a|it's|b", 10, ['a', "it's", 'b']],
    ['^^|a|b|c|d', 2, ['a', 'b|c|d']],
    [String.raw`uuid 'x \"y\" z'`, 10, ['uuid', 'x "y" z']],
  ])('%s', (text, most, parts) => {
    expect(separateArguments(text, most)).toEqual(parts)
  })
})
