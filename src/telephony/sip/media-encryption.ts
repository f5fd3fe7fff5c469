import { linesOf, mediumOf, type SdpParts } from './sdp-parts.ts'

/*
 * SRTP (RFC 3711): whether a caller's audio is encrypted, and how both sides get the keys. With `sdes` (RFC 4568) they are in
 * the session description, and as secret as the signalling is; with `dtls` (RFC 5764) they are agreed on where the audio flows.
 */
export type Encryption = 'none' | 'sdes' | 'dtls'

/** What is asked of a caller: plain audio alone, either, or encrypted audio alone. */
export type SrtpPolicy = 'off' | 'optional' | 'required'

/** What a caller's audio may be. Keys that came in the clear protect nothing. */
export function encryptionsFor(policy: SrtpPolicy, isSignallingEncrypted: boolean): readonly Encryption[] {
  if (policy === 'off') return ['none']
  if (policy === 'optional') return ['none', 'sdes', 'dtls']
  return isSignallingEncrypted ? ['sdes', 'dtls'] : ['dtls']
}

/** As drachtio-server names what a request came over. */
export const isEncryptedTransport = (protocol: string): boolean => /^(tls|wss)$/i.test(protocol)

export type ChosenMedium = { index: number; encryption: Encryption }

/**
 * The first audio stream that may be taken, an encrypted one before all others: who offers both wants it, be it as two media
 * or as keys with plain RTP (RFC 8643).
 */
export function chooseAudio(
  { session, media }: SdpParts,
  allowed: readonly Encryption[],
): ChosenMedium | undefined {
  const choices = media.flatMap((medium, index) =>
    encryptionsOf(session, medium).map((encryption) => ({ index, encryption })),
  )
  const able = choices.filter(({ encryption }) => allowed.includes(encryption))
  return able.find(({ encryption }) => encryption !== 'none') ?? able[0]
}

/** Every way in which this medium could be taken; empty for what is no audio. */
function encryptionsOf(session: string, medium: string): Encryption[] {
  const { type, port, profile } = mediumOf(medium) ?? { type: '', port: 0, profile: '' }
  const found = /^(?:(UDP\/TLS\/)RTP\/S|RTP\/(S)?)AVPF?$/.exec(profile)
  if (type !== 'audio' || port === 0 || !found) return []
  const [, handshake, secure] = found
  const sdes = !handshake && linesOf(medium).some(isUsableKey)
  const dtls = /^a=fingerprint:/m.test(medium) || /^a=fingerprint:/m.test(session)
  return [
    ...(sdes ? (['sdes'] as const) : []),
    ...(dtls ? (['dtls'] as const) : []),
    ...(handshake || secure ? [] : (['none'] as const)),
  ]
}

/** Bytes of master key and salt. FreeSWITCH has suites without authentication, too, which nobody is to be given. */
const SUITES: Readonly<Record<string, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AES_256_CM_HMAC_SHA1_80: 46,
  AES_256_CM_HMAC_SHA1_32: 46,
  AES_CM_256_HMAC_SHA1_80: 46,
  AES_CM_256_HMAC_SHA1_32: 46,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
}

/** Whether it is a line with a key that both sides can use; parameters would switch protection off, or are not known here. */
export function isUsableKey(line: string): boolean {
  const [, suite = '', key = ''] =
    /^a=crypto:\d{1,9} (\w+) inline:([\w+/=]+)(?:\|[\w^:|]*)?\s*$/.exec(line) ?? []
  return Buffer.from(key, 'base64').length === SUITES[suite]
}
