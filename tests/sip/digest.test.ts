import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Digest } from '../../src/telephony/sip/digest.ts'
import type { SipRequest } from '../../src/telephony/sip/drachtio.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const ADDRESS = '198.51.100.7'
const USERS = [{ name: 'alice', password: 'pass', number: null }]
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

  it('says whom a request names only where it answers a challenge of ours', () => {
    const given = answer(challenge(), { name: 'link-x' })
    expect(digest.claimedName(invite(given))).toBe('link-x')
    expect(digest.claimedName(invite(given, '203.0.113.1'))).toBeNull()
    expect(digest.claimedName(invite(given.replace('voiceclone', 'elsewhere')))).toBeNull()
    expect(digest.claimedName(invite('Digest username="link-x"'))).toBeNull()
    now += 61_000
    expect(digest.claimedName(invite(given))).toBeNull()
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

describe('A header that no phone sends', () => {
  const digest = new Digest(USERS, 'shared', () => 1_000_000)

  it.each([
    ['of 60 kB', `Digest ${'a'.repeat(60_000)}`],
    ['of nothing but spaces', `Digest ${' '.repeat(2_000)}`],
    ['of commas', `Digest ${','.repeat(2_000)}`],
    ['with a quote that is not closed', `Digest username="alice, realm="x`],
    ['that goes on with something else', `Digest ${'username="a" '.repeat(10)} ;;; response="x"`],
  ])('%s is a wrong password', (_, header) => {
    expect(digest.check(invite(header))).toBe('wrong')
  })
})

describe('Passwords that are guessed', () => {
  const digest = () => new Digest(USERS, 'shared', () => 1_000_000)
  const wrong = (server: Digest, address: string, name = 'alice') =>
    server.check(invite(answer(server.challenge(address, false), { password: 'no', name }), address))
  const right = (server: Digest, address: string) =>
    server.check(invite(answer(server.challenge(address, false)), address))

  it('are looked at ten times a minute of one address, be they right at last', () => {
    const server = digest()
    for (let guess = 0; guess < 10; guess++) expect(wrong(server, ADDRESS, `user${guess}`)).toBe('wrong')
    expect(right(server, ADDRESS)).toBe('limited')
    expect(right(server, '198.51.100.8')).toBe('right')
  })

  it('are looked at thirty times a minute for one user, who is not locked out by that', () => {
    const server = digest()
    expect(right(server, ADDRESS)).toBe('right')
    for (let guess = 0; guess < 30; guess++) expect(wrong(server, `192.0.2.${guess}`)).toBe('wrong')
    expect(wrong(server, '192.0.2.200')).toBe('limited')
    expect(right(server, ADDRESS)).toBe('right')
  })
})
