/*
 * As much of SDP (RFC 8866) and offer/answer (RFC 3264) as a call with one audio stream needs.
 */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** Whether the side that says this of itself hears the other one. */
export function isHeard(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly'
}

/** How audio is encrypted: by keys in the description (RFC 4568), by a handshake of its own (RFC 5764), or not. */
export type SimulatedEncryption = 'none' | 'sdes' | 'dtls'

export type AudioDescription = {
  /** "host:port" to which the audio is to be sent. */
  address: string
  /** Encoding names in order of preference, such as PCMU or telephone-event. */
  codecs: string[]
  direction: Direction
  encryption: SimulatedEncryption
}

/** A profile that demands it, and what it takes: there is nobody to hide anything from, so one key does for all. */
const ENCRYPTIONS: Readonly<Record<SimulatedEncryption, { profile: string; lines: readonly string[] }>> = {
  none: { profile: 'RTP/AVP', lines: [] },
  sdes: {
    profile: 'RTP/SAVP',
    lines: [`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 7).toString('base64')}`],
  },
  dtls: {
    profile: 'UDP/TLS/RTP/SAVP',
    lines: [`a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, 'a=setup:actpass'],
  },
}

const STATIC_PAYLOADS: Readonly<Record<string, string>> = { 0: 'PCMU', 8: 'PCMA', 9: 'G722' }
const PAYLOADS: Readonly<Record<string, string>> = {
  PCMU: '0 PCMU/8000',
  PCMA: '8 PCMA/8000',
  G722: '9 G722/8000',
  OPUS: '102 opus/48000/2',
  'TELEPHONE-EVENT': '101 telephone-event/8000',
}

/** Writes a session with one audio stream. `version` must grow with every change that is offered. */
export function writeSdp({
  address,
  codecs,
  direction = 'sendrecv',
  encryption = 'none',
  name = 'simulated',
  session = 1,
  version = 1,
}: {
  address: string
  codecs: readonly string[]
  direction?: Direction
  encryption?: SimulatedEncryption
  name?: string
  session?: number
  version?: number
}): string {
  const [host = '', port = ''] = address.split(':')
  const payloads = codecs.map((codec) => {
    const map = PAYLOADS[codec.toUpperCase()]
    if (!map) throw new RangeError(`${codec} is not a codec that the simulator has a payload type for.`)
    return map
  })
  const types = payloads.map((map) => map.split(' ')[0])
  const { profile, lines: encrypting } = ENCRYPTIONS[encryption]
  const lines = [
    'v=0',
    `o=${name} ${session} ${version} IN IP4 ${host}`,
    `s=${name}`,
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${port} ${profile} ${types.join(' ')}`,
    ...payloads.map((map) => `a=rtpmap:${map}`),
    ...(codecs.some((codec) => /^telephone-event$/i.test(codec)) ? ['a=fmtp:101 0-15'] : []),
    'a=ptime:20',
    ...encrypting,
    `a=${direction}`,
  ]
  return `${lines.join('\r\n')}\r\n`
}

/** Reads the first audio stream; null when there is none or the stream is refused. */
export function readSdp(sdp: string): AudioDescription | null {
  const [session = '', ...media] = sdp.split(/^(?=m=)/m)
  const audio = media.find((part) => part.startsWith('m=audio'))
  const [, port, types] = /^m=audio (\d+) \S+ (.*?)\r?$/m.exec(audio ?? '') ?? []
  if (!audio || !port || port === '0' || !types) return null
  const host = /^c=IN IP4 (\S+)/m.exec(audio)?.[1] ?? /^c=IN IP4 (\S+)/m.exec(session)?.[1] ?? ''
  const names = new Map(
    Array.from(audio.matchAll(/^a=rtpmap:(\d+) ([^/\r\n]+)/gm), ([, type, name]) => [type, name]),
  )
  const codecs = types.split(' ').map((type) => names.get(type) ?? STATIC_PAYLOADS[type] ?? type)
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(audio)?.[1] ?? 'sendrecv'
  return {
    address: `${host}:${port}`,
    codecs,
    direction: direction as Direction,
    encryption: encryptionOf(audio),
  }
}

function encryptionOf(audio: string): SimulatedEncryption {
  if (/^a=fingerprint:/m.test(audio)) return 'dtls'
  return /^a=crypto:/m.test(audio) ? 'sdes' : 'none'
}

/** The direction that answers an offered one. */
export function answeringDirection(offered: Direction): Direction {
  if (offered === 'sendonly') return 'recvonly'
  return offered === 'recvonly' ? 'sendonly' : offered
}

/** Whether the profile of its first audio fits what it brings: FreeSWITCH refuses keys in RTP/AVP, and SRTP without a key. */
export function hasFittingProfile(sdp: string): boolean {
  const [, secure] = /^m=audio \d+ (?:UDP\/TLS\/)?RTP\/(S?)AVP/im.exec(sdp) ?? []
  return Boolean(secure) === /^a=(?:crypto|fingerprint):/m.test(sdp)
}

/** Whether it offers a codec of the telephone network, which is all that is spoken here. */
export const speaksTelephone = (description: AudioDescription | null): boolean =>
  description?.codecs.some((codec) => /^(PCMU|PCMA)$/i.test(codec)) ?? false
