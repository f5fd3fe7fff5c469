/** In plain words, why a request got no answer at all; `null` when it did get one and failed otherwise. */
export function networkFailure(error: unknown): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
    const words = WORDS.find(([pattern]) => pattern.test(code))
    if (words) return words[1] === null ? `its certificate is not valid (${code})` : words[1]
  }
  return null
}

/** Why a request that is known to have got no answer got none: in plain words, or else in those of the first cause. */
export function unreachableBecause(error: unknown): string {
  let cause = error
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  return networkFailure(error) ?? (cause instanceof Error ? cause.message : String(cause))
}

/** By the codes of Node's sockets and TLS, undici (fetch) and axios (Twilio's SDK); null stands for a certificate. */
const WORDS: [RegExp, string | null][] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its name cannot be resolved'],
  [/^ECONNREFUSED$/, 'nothing listens there'],
  [/^(ETIMEDOUT|ECONNABORTED|TimeoutError|UND_ERR_\w*TIMEOUT)$/, 'it does not answer in time'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'there is no way to it from this machine'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'it cuts the connection'],
  [/^(EPROTO|ERR_SSL_\w+)$/, 'it does not speak TLS as it should'],
  [/CERT|SELF_SIGNED|UNABLE_TO_\w+_SIGNATURE|UNABLE_TO_GET_ISSUER/, null],
]
