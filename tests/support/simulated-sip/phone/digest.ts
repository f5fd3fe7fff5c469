import { createHash, randomBytes } from 'node:crypto'
import type { SipResponse } from '../sip-message.ts'

/*
 * Digest authentication as phones and trunks do it. Source: RFC 3261, section 22; RFC 2617 (MD5).
 */

export type Credentials = { username: string; password: string }

/** A response's challenge, and the header field that answers it; null when it has none. */
export function challengeOf({ status, headers }: SipResponse): { text: string; answeredBy: string } | null {
  if (status === 401) return { text: headers.get('WWW-Authenticate'), answeredBy: 'Authorization' }
  if (status === 407) return { text: headers.get('Proxy-Authenticate'), answeredBy: 'Proxy-Authorization' }
  return null
}

/** The Authorization (or Proxy-Authorization) field that answers a challenge. */
export function digestAnswer(
  challenge: string,
  { username, password }: Credentials,
  { method, uri }: { method: string; uri: string },
): string {
  const asked = new Map(
    Array.from(challenge.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g), ([, name, quoted, bare]) => [
      (name as string).toLowerCase(),
      quoted ?? bare ?? '',
    ]),
  )
  const [realm = '', nonce = '', qop] = [asked.get('realm'), asked.get('nonce'), asked.get('qop')]
  const cnonce = randomBytes(4).toString('hex')
  const secret = md5(`${username}:${realm}:${password}`)
  const request = md5(`${method}:${uri}`)
  const response = qop
    ? md5(`${secret}:${nonce}:00000001:${cnonce}:auth:${request}`)
    : md5(`${secret}:${nonce}:${request}`)
  const opaque = asked.get('opaque')
  return [
    `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`,
    'algorithm=MD5',
    ...(qop ? [`cnonce="${cnonce}"`, 'qop=auth', 'nc=00000001'] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(', ')
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
