/** A session description (RFC 8866): what precedes its media, and each medium from its `m=` on. Put together it is the same again. */
export type SdpParts = { session: string; media: string[] }

export function partsOf(sdp: string): SdpParts {
  const [session = '', ...media] = sdp.split(/^(?=m=)/m)
  return { session, media }
}

/** The lines of a part, each with its end. */
export const linesOf = (part: string): string[] => part.split(/(?<=\n)/)

/** The part with only those attributes for which `isKept` is true; all that is no attribute stays. */
export const withAttributes = (part: string, isKept: (line: string) => boolean): string =>
  linesOf(part)
    .filter((line) => !line.startsWith('a=') || isKept(line))
    .join('')

const MEDIUM = /^m=(\S+) (\d{1,9})((?:\/\d+)? )(\S+) (.*)/

export type Medium = { type: string; port: number; profile: string }

/** Null for one whose first line is not what its grammar says. */
export function mediumOf(part: string): Medium | null {
  const [, type = '', port = '', , profile = ''] = MEDIUM.exec(part) ?? []
  return type ? { type, port: Number(port), profile } : null
}

export const withProfile = (part: string, profile: string): string =>
  part.replace(
    MEDIUM,
    (_, type, port, gap, _profile, formats) => `m=${type} ${port}${gap}${profile} ${formats}`,
  )

/** How an answer refuses this medium (RFC 3264 §6). */
export const refusedMedium = (part: string): string =>
  `${(part.split(/\r?\n/, 1)[0] ?? '').replace(MEDIUM, 'm=$1 0 $4 $5')}\r\n`
