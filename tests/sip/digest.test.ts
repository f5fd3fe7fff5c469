import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Digest } from '../../src/telephony/sip/digest.ts'
import type { SipRequest } from '../../src/telephony/sip/drachtio.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const ADDRESS = '198.51.100.7'
const USERS = [{ name: 'alice', password: 'pass' }]
const URI = 'sip:+15550199999@sip.example.com'

function invite(authorization: string, address = ADDRESS): SipRequest {
  const headers: Record<string, string> = { 'proxy-authorization': authorization }
  const request = {
    method: 'INVITE',
    uri: URI,
    source_address: address,
    get: (name: string) => headers[name],
  }
  return request as unknown as SipRequest
}

/** What a phone answers (RFC 2617 §3.2.2), with or without `qop`. */
function answer(
  challenge: string,
  { password = 'pass', name = 'alice', qop = true, nc = '00000001' } = {},
): string {
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1]
  const realm = /realm="([^"]+)"/.exec(challenge)?.[1]
  const [a1, a2] = [md5(`${name}:${realm}:${password}`), md5(`INVITE:${URI}`)]
  const response = qop ? md5(`${a1}:${nonce}:${nc}:c:auth:${a2}`) : md5(`${a1}:${nonce}:${a2}`)
  const count = qop ? `, qop=auth, nc=${nc}, cnonce="c"` : ''
  return `Digest username="${name}", realm="${realm}", nonce="${nonce}", uri="${URI}", response="${response}"${count}`
}

describe('Digest authentication', () => {
  let now = 1_000_000
  const digest = new Digest(USERS, 'shared', () => now)
  const challenge = () => digest.challenge(ADDRESS, false)

  it.each([true, false])('takes the right password, qop %s', (qop) => {
    expect(digest.check(invite(answer(challenge(), { qop })))).toBe('right')
  })

  it.each([
    ['a wrong password', () => answer(challenge(), { password: 'wrong' })],
    ['somebody unknown', () => answer(challenge(), { name: 'bob' })],
    ['nothing', () => ''],
    ['another scheme', () => 'Basic YWxpY2U6cGFzcw=='],
    ['a name alone', () => 'Digest username="alice"'],
    ['noise', () => `Digest ${'a="'.repeat(5_000)}`],
  ])('refuses %s', (_, given) => {
    expect(digest.check(invite(given()))).toBe('wrong')
  })

  it('takes what another process has asked for that shares the secret, and no other’s', () => {
    const given = answer(challenge())
    expect(new Digest(USERS, 'shared', () => now).check(invite(given))).toBe('right')
    expect(new Digest(USERS, 'another', () => now).check(invite(given))).toBe('stale')
    expect(new Digest(USERS, null, () => now).check(invite(given))).toBe('stale')
  })

  it.each([true, false])('takes an answer once, qop %s', (qop) => {
    const first = challenge()
    now += 1
    const given = answer(first, { qop })
    expect([digest.check(invite(given)), digest.check(invite(given))]).toEqual(['right', 'stale'])
    const next = qop ? 'right' : 'stale'
    expect(digest.check(invite(answer(first, { qop, nc: '00000002' })))).toBe(next)
    expect(digest.check(invite(answer(first, { qop, nc: 'x' })))).toBe('stale')
    // Without `qop` the count is no part of what was signed.
    if (!qop) expect(digest.check(invite(`${given}, nc=00000002`))).toBe('stale')
  })

  it('has a nonce that is too old or another address’s asked for again', () => {
    now += 1
    const given = answer(challenge())
    expect(digest.check(invite(given, '203.0.113.1'))).toBe('stale')
    now += 61_000
    expect(digest.check(invite(given))).toBe('stale')
    expect(digest.challenge(ADDRESS, true)).toContain('stale=true')
  })
})
