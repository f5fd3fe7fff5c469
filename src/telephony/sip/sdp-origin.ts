/*
 * The o= line of a session description names the session, and counts its changes (RFC 8866 §5.2). Whoever made an offer
 * before must offer the same session again, with a higher count (RFC 3264 §8): also when another FreeSWITCH makes it.
 */

const SESSION = /^o=(\S+) (\d+) (\d+) /m

/** `sdp` as a later description of the session that `previous` described. */
export function inSessionOf(previous: string, sdp: string): string {
  const [, user, session, version] = SESSION.exec(previous) ?? []
  const [, , ownSession] = SESSION.exec(sdp) ?? []
  if (session === undefined || session === ownSession) return sdp
  return sdp.replace(SESSION, `o=${user} ${session} ${BigInt(version ?? 0) + 1n} `)
}
