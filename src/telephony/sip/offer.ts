import { inOrder, onlyCodecs, speaksNarrowband, speaksOurs } from './codec-order.ts'
import type { SipHeaders } from './drachtio.ts'
import { type ChosenMedium, chooseAudio, type Encryption, isUsableKey } from './media-encryption.ts'
import {
  linesOf,
  mediumOf,
  partsOf,
  refusedMedium,
  type SdpParts,
  withAttributes,
  withProfile,
} from './sdp-parts.ts'

/*
 * What a caller's session description asks for, and what of it FreeSWITCH gets to see. It is looked at here first: FreeSWITCH
 * refuses with the same 488 what nobody could answer, and what it has no more RTP ports for.
 */

/** The longest that is looked at, in bytes; a telephone's has some 300, a browser's 3,000. */
export const LONGEST_SESSION = 8 * 1024
/** So much fits into one message to drachtio-server beside the headers of an INVITE (see `keepMessagesShort`). */
const LONGEST_FORWARDED = 3_400
/** The same for an answer, beside its own audio stream: so much of it may refuse other media. */
const LONGEST_REFUSALS = 1_500
/** Below this no attribute of the audio is left out. */
const LONG = 2_500

/** As RFC 3261 §20.43 numbers them: what of the description is in the way. */
const WARNINGS = { address: 301, profile: 302, medium: 304, codec: 305, other: 399 } as const

/** As metrics and log name it. */
type Reason = 'sip_no_codec' | 'sip_srtp_off' | 'sip_srtp_required' | 'sip_too_large'

/** An offer that no server of ours could answer, and what its sender is told. */
export class UnusableOffer extends Error {
  readonly status: 413 | 488
  readonly reason: Reason
  readonly headers: SipHeaders

  constructor(why: string, { about = 'other', reason = 'sip_no_codec' }: UnusableOfferCause = {}) {
    super(`the session that the caller offers ${why}`)
    this.status = reason === 'sip_too_large' ? 413 : 488
    this.reason = reason
    this.headers = this.status === 413 ? {} : { Warning: `${WARNINGS[about]} precall "The offer ${why}"` }
  }
}

type UnusableOfferCause = { about?: keyof typeof WARNINGS; reason?: Reason }

export type OfferTerms = {
  /** Whether wideband codecs are taken before others. */
  isWideband: boolean
  /** What the audio may be. */
  encryptions: readonly Encryption[]
  /** The codecs that are taken; none means all that there are. */
  codecs?: readonly string[]
}

/** An offer that is taken: what FreeSWITCH gets to see of it, and how its answer becomes one to all of it. */
export class TakenOffer {
  /** One audio stream, in the profile from which FreeSWITCH knows what is meant, its codecs in the order wanted. */
  readonly forwarded: string
  readonly encryption: Encryption
  readonly #media: readonly string[]
  readonly #index: number

  /** Throws UnusableOffer. */
  constructor(sdp: string, { isWideband, encryptions, codecs = [] }: OfferTerms) {
    if (Buffer.byteLength(sdp) > LONGEST_SESSION) throw tooLong('is longer than 8 kB')
    if (!sdp.startsWith('v=0')) throw new UnusableOffer('is none')
    const parts = partsOf(sdp)
    const chosen = chosenAudio(parts, encryptions)
    const audio = onlyCodecs(forwardedAudio(parts, chosen), codecs)
    if (!hasAddress(audio) && !hasAddress(parts.session))
      throw new UnusableOffer('has no address', { about: 'address' })
    if (!speaksOurs(audio)) throw new UnusableOffer('has no codec of ours', { about: 'codec' })
    const session = parts.session.replace(HANDSHAKE, '')
    this.forwarded = inOrder(shortened(session + audio), isWideband)
    this.encryption = chosen.encryption
    this.#media = parts.media
    this.#index = chosen.index
    const refusals = parts.media.filter((_, index) => index !== chosen.index).map(refusedMedium)
    if (Buffer.byteLength(refusals.join('')) > LONGEST_REFUSALS) throw tooLong('has too many media')
  }

  /** FreeSWITCH's answer as one to the whole offer: as many media, in the same order and profiles (RFC 3264 §6). */
  answer(sdp: string): string {
    const { session, media } = partsOf(sdp)
    const [audio = ''] = media
    const answers = this.#media.map((offered, index) =>
      index === this.#index ? withProfile(audio, mediumOf(offered)?.profile ?? '') : refusedMedium(offered),
    )
    return session + answers.join('')
  }
}

function chosenAudio(parts: SdpParts, encryptions: readonly Encryption[]): ChosenMedium {
  const chosen = chooseAudio(parts, encryptions)
  if (chosen) {
    const { port } = mediumOf(parts.media[chosen.index] ?? '') ?? { port: 0 }
    if (port > 65_535) throw new UnusableOffer('has a port that is none')
    return chosen
  }
  const possible = chooseAudio(parts, ['none', 'sdes', 'dtls'])?.encryption
  if (possible === undefined) throw noAudio(parts)
  throw new UnusableOffer(unfit(possible, encryptions), {
    about: 'profile',
    reason: encryptions.includes('none') ? 'sip_srtp_off' : 'sip_srtp_required',
  })
}

function unfit(offered: Encryption, allowed: readonly Encryption[]): string {
  if (allowed.includes('none')) return 'is of encrypted audio (SRTP) alone, which is not taken here'
  if (offered === 'none') return 'is of plain RTP: encrypted audio (SRTP) is required here'
  if (offered === 'sdes' && allowed.includes('dtls')) return 'brings its keys in the clear: use TLS'
  return 'changes how the audio is encrypted'
}

/** Encrypted audio without a key that could be used is audio all the same. */
function noAudio({ media }: SdpParts): UnusableOffer {
  const has = media.map(mediumOf).some((medium) => medium?.type === 'audio' && medium.port > 0)
  return has
    ? new UnusableOffer('has no audio in a profile, or with a key, that is known here', { about: 'profile' })
    : new UnusableOffer('has no audio', { about: 'medium' })
}

const tooLong = (why: string) => new UnusableOffer(why, { reason: 'sip_too_large' })

const HANDSHAKE = /^a=(?:fingerprint|setup):.*(?:\r\n|\n|$)/gm

/**
 * FreeSWITCH looks for keys and fingerprints wherever they are, and answers in a profile of its own; with AVPF, whose feedback is
 * for video, it expects a browser, and so ICE.
 */
function forwardedAudio({ session, media }: SdpParts, { index, encryption }: ChosenMedium): string {
  const offered = media[index] ?? ''
  const isHandshake = (line: string) => /^a=(?:fingerprint|setup):/.test(line)
  const hasIce = /^a=ice-ufrag:/m.test(offered) || /^a=ice-ufrag:/m.test(session)
  const feedback = hasIce ? 'F' : ''
  const unkeyed = withAttributes(offered, (line) => !isHandshake(line) && !line.startsWith('a=crypto:'))
  const plain = unkeyed.endsWith('\n') ? unkeyed : `${unkeyed}\r\n`
  if (encryption === 'none') return withProfile(plain, `RTP/AVP${feedback}`)
  if (encryption === 'sdes')
    return withProfile(plain, 'RTP/SAVP') + linesOf(offered).filter(isUsableKey).join('')
  const own = linesOf(offered).filter(isHandshake)
  const handshake = own.length > 0 ? own : linesOf(session).filter(isHandshake)
  return withProfile(plain, `UDP/TLS/RTP/SAVP${feedback}`) + handshake.join('')
}

function shortened(sdp: string): string {
  const short = sdp.length > LONG ? withoutExtras(sdp) : sdp
  if (Buffer.byteLength(short) > LONGEST_FORWARDED) throw tooLong('is too long')
  return short
}

/** Whether every FreeSWITCH can take it: G.711 at an IPv4 address. One that does not is itself in trouble. */
export const isOrdinary = (sdp: string): boolean =>
  /^c=IN IP4 (\d{1,3}(?:\.\d{1,3}){3})\s*$/m.test(sdp) && speaksNarrowband(sdp)

/** Whether its sender has put us on hold (RFC 3264 §8.4; RFC 2543 wrote it as the address 0.0.0.0). */
export function isHold(sdp: string): boolean {
  const { session, media } = partsOf(sdp)
  const audio = media.find((part) => mediumOf(part)?.type === 'audio') ?? session
  const direction = DIRECTION.exec(audio)?.[1] ?? DIRECTION.exec(session)?.[1]
  const address = ADDRESS.exec(audio)?.[1] ?? ADDRESS.exec(session)?.[1]
  return direction === 'sendonly' || direction === 'inactive' || address === '0.0.0.0'
}

const DIRECTION = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m
const ADDRESS = /^c=IN IP[46] (\S+)/m

const hasAddress = (part: string): boolean => ADDRESS.test(part)

/** Attributes that decide what is heard. */
const HEARD =
  /^a=(?:rtpmap|fmtp|ptime|maxptime|rtcp|rtcp-mux|ice-ufrag|ice-pwd|candidate|crypto|fingerprint|setup|mid|group|sendrecv|sendonly|recvonly|inactive)\b/

/** A long description is long by what has no part in one audio stream. */
const withoutExtras = (sdp: string): string => withAttributes(sdp, (line) => HEARD.test(line))
