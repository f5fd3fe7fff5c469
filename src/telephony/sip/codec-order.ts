import { TELEPHONE_RATE } from './fork-rates.ts'

/*
 * Which codec a call gets: FreeSWITCH takes the first of the caller's that it has, so the offer is given to it in the order
 * that suits the agent. An answer may choose any of the offered (RFC 3264, section 6.1).
 */

/** A wideband line is worth its cost only where the agent has more to say or to hear than a telephone carries. */
const TELEPHONE_FIRST = ['PCMU', 'PCMA', 'G722', 'OPUS']
const WIDEBAND_FIRST = ['G722', 'OPUS', 'PCMU', 'PCMA']

/** Payload types that need no words of their own (RFC 3551, section 6). */
const STATIC_PAYLOADS: readonly (readonly [string, string])[] = [
  ['0', 'PCMU'],
  ['8', 'PCMA'],
  ['9', 'G722'],
]

/** Whether the caller's end offers more than a telephone line. */
export const offersWideband = (sdp: string): boolean =>
  audioPayloads(sdp).some((payload) => /^(G722|OPUS)$/.test(codecsOf(sdp).get(payload) ?? ''))

/** Whether it offers any codec that FreeSWITCH has here. */
export const speaksOurs = (sdp: string): boolean => offersAny(sdp, TELEPHONE_FIRST)

/** Whether it offers G.711, for which FreeSWITCH needs no module. */
export const speaksNarrowband = (sdp: string): boolean => offersAny(sdp, ['PCMU', 'PCMA'])

const offersAny = (sdp: string, wanted: readonly string[]): boolean =>
  audioPayloads(sdp).some((payload) => wanted.includes(codecsOf(sdp).get(payload) ?? ''))

/** The same offer with the codecs of its audio in the order in which they are wanted; those that nobody names come last. */
export function inOrder(sdp: string, isWideband: boolean): string {
  const order = isWideband ? WIDEBAND_FIRST : TELEPHONE_FIRST
  const codecs = codecsOf(sdp)
  const rank = (payload: string) => {
    const at = order.indexOf(codecs.get(payload) ?? '')
    return at < 0 ? order.length : at
  }
  const payloads = audioPayloads(sdp).toSorted((a, b) => rank(a) - rank(b))
  return sdp.replace(AUDIO, (_, head: string) => `${head}${payloads.join(' ')}`)
}

/** The same description without other codecs of speech than these, none meaning all; keys and comfort noise are no speech. */
export function onlyCodecs(sdp: string, wanted: readonly string[]): string {
  if (wanted.length === 0) return sdp
  const codecs = codecsOf(sdp)
  const left = audioPayloads(sdp).filter((payload) => {
    const codec = codecs.get(payload) ?? ''
    return wanted.includes(codec) || /^(TELEPHONE-EVENT|CN)$/.test(codec)
  })
  const isLeft = (line: string) => {
    const payload = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1]
    return payload === undefined || left.includes(payload)
  }
  return sdp
    .replace(AUDIO, (_, head: string) => `${head}${left.join(' ')}`)
    .split(/(?<=\n)/)
    .filter(isLeft)
    .join('')
}

const RATES: Readonly<Record<string, number>> = { G722: 16_000, OPUS: 48_000 }

/** Samples a second of what an answer settles on. */
export function rateOfLine(answer: string): number {
  const [payload = ''] = audioPayloads(answer)
  return RATES[codecsOf(answer).get(payload) ?? ''] ?? TELEPHONE_RATE
}

const AUDIO = /^(m=audio \d+ \S+ )(\d+(?: \d+)*)/m

const audioPayloads = (sdp: string): string[] => AUDIO.exec(sdp)?.[2]?.split(' ') ?? []

function codecsOf(sdp: string): ReadonlyMap<string, string> {
  const named = sdp.matchAll(/^a=rtpmap:(\d+) ([^/\r\n]+)/gm)
  return new Map([
    ...STATIC_PAYLOADS,
    ...Array.from(named, ([, payload = '', codec = '']) => [payload, codec.toUpperCase()] as const),
  ])
}
