import type { SeededRandom } from '../chaos/seeded-random.ts'
import { oddText } from './mutation.ts'

/* INVITEs and sessions that are nearly what phones and trunks send. */

const lines = (...each: string[]) => `${each.join('\r\n')}\r\n`
const HEAD = ['v=0', 'o=- 20518 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0']

export const SESSIONS: readonly string[] = [
  lines(
    ...HEAD,
    'm=audio 4000 RTP/AVP 0 8 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=sendrecv',
  ),
  lines(
    ...HEAD,
    'm=audio 4000 RTP/AVP 9 111 0',
    'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 useinbandfec=1',
    'a=sendonly',
  ),
  lines(
    ...HEAD,
    'm=audio 4000 RTP/SAVP 0',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj',
  ),
  lines(...HEAD, 'm=image 4002 udptl t38', 'a=T38FaxVersion:0', 'm=audio 0 RTP/AVP 0'),
  lines(
    'v=0',
    'o=- 1 1 IN IP6 ::1',
    's=-',
    't=0 0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'c=IN IP6 ::1',
    'a=ice-ufrag:x',
    'a=setup:actpass',
  ),
  lines(...HEAD, 'c=IN IP4 0.0.0.0', 'm=video 5000 RTP/AVP 96', 'm=audio 4000 RTP/AVP 8', 'a=inactive'),
]

/** The headers of an INVITE that are read here, each with what may stand in it. */
const HEADERS: Record<string, readonly string[]> = {
  From: [
    '"Ann" <sip:+15550100001@trunk.example.com;user=phone>;tag=1',
    '<tel:+15550100001;verstat=TN-Validation-Passed>;tag=2',
    'sip:ann@10.0.0.1;tag=3',
  ],
  To: ['<sip:+15550199999@127.0.0.1>', 'sip:support@127.0.0.1'],
  Contact: ['<sip:ann@10.0.0.1:5062;transport=udp>', '*', '<sips:ann@[::1]>', '"a, b" <sip:a@b>, <sip:c@d>'],
  'Call-ID': ['a84b4c76e66710@10.0.0.1'],
  CSeq: ['1 INVITE'],
  Via: ['SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1;rport'],
  'Max-Forwards': ['70'],
  Require: ['100rel', 'timer, 100rel', 'foo'],
  'P-Asserted-Identity': [
    '"Ann" <sip:+15550100002@trunk.example.com;verstat=TN-Validation-Passed-A>',
    '<tel:+15550100002>',
  ],
  'Remote-Party-ID': ['"Ann" <sip:+15550100003@trunk.example.com>;party=calling;screen=yes'],
  'X-Twilio-VerStat': ['TN-Validation-Passed-A'],
  'Attestation-Info': ['A'],
  'Proxy-Authorization': [
    'Digest username="alice", realm="voiceclone", nonce="m1.x.y", uri="sip:1@h", response="0123456789abcdef", qop=auth, nc=00000001, cnonce="c"',
  ],
  'Session-Expires': ['1800;refresher=uac'],
  'User-Agent': ['fuzz'],
}

/** Headers as a phone could send them: each as it should be, odd, or not there. */
export function oddHeaders(random: SeededRandom, keep: readonly string[] = []): Record<string, string> {
  const kept = Object.entries(HEADERS).filter(([name]) => keep.includes(name) || random.happens(0.7))
  return Object.fromEntries(
    kept.map(([name, usual]) => [name, random.happens(0.7) ? random.pick(usual) : oddText(usual, random)]),
  )
}

export function inviteText(random: SeededRandom): string {
  const uri = oddText(
    ['sip:+15550199999@127.0.0.1', 'sip:support@127.0.0.1;transport=tcp', 'tel:+15550199999'],
    random,
  )
  const body = random.happens(0.7) ? oddText(SESSIONS, random) : ''
  const headers = Object.entries({ ...oddHeaders(random), 'Content-Length': `${Buffer.byteLength(body)}` })
  return [`INVITE ${uri} SIP/2.0`, ...headers.map(([name, value]) => `${name}: ${value}`), '', body].join(
    '\r\n',
  )
}
