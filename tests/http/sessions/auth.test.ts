import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { Router } from 'express'
import { describe, expect, it, test } from 'vitest'
import { RATE_LIMITS, wrongKeyLimit } from '../../../src/http/rate-limits.ts'
import { createAuth } from '../../../src/http/sessions/auth.ts'
import { SESSION_COOKIE } from '../../../src/http/sessions/sessions.ts'
import { endedSessions } from '../../support/ended-sessions.ts'
import { ADMIN_KEY, asAdmin, problemOf, serve, testApp } from '../serve.ts'

const page = () =>
  Router().get('/', (_req, res) => {
    res.send('console')
  })

const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? ''

async function beginSession(url: string, key = ADMIN_KEY): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/console/session`, { method: 'POST', headers, body: JSON.stringify({ key }) })
}

describe('the key', () => {
  test.each([
    [{ authorization: `Bearer ${ADMIN_KEY}` }, 200],
    [{ authorization: `bearer ${ADMIN_KEY}` }, 200],
    [{ 'x-api-key': ADMIN_KEY }, 200],
    [{ authorization: `Bearer ${ADMIN_KEY}x` }, 401],
    [{ authorization: 'Bearer ' }, 401],
    [{ authorization: `Basic ${ADMIN_KEY}` }, 401],
    [{ 'x-api-key': '' }, 401],
    [{}, 401],
  ])('%j is answered with %i', async (headers, status) => {
    const response = await fetch(`${await serve(testApp())}/metrics`, {
      headers: headers as Record<string, string>,
    })
    expect(response.status).toBe(status)
  })

  it('is asked for in a way that clients understand', async () => {
    const response = await fetch(`${await serve(testApp())}/api/v1/calls`)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
    expect((await problemOf(response)).detail).toContain('X-API-Key')
  })

  it('cannot be guessed for long, not even rightly, while requests without one go on', async () => {
    const url = await serve(testApp())
    const guess = { 'x-api-key': 'a guess' }
    for (let i = 0; i < RATE_LIMITS.wrongKeys; i++) {
      expect((await fetch(`${url}/metrics`, { headers: guess })).status).toBe(401)
    }
    expect((await fetch(`${url}/metrics`, { headers: guess })).status).toBe(429)
    expect((await fetch(`${url}/metrics`, { headers: asAdmin })).status).toBe(429)
    expect((await beginSession(url)).status).toBe(429)
    expect((await fetch(`${url}/metrics`)).status).toBe(401)
  })
})

describe('a session', () => {
  it('is begun with the key and ended', async () => {
    const url = await serve(testApp())
    const begun = await beginSession(url)
    expect(begun.status).toBe(204)
    const cookie = begun.headers.get('set-cookie') ?? ''
    for (const part of [SESSION_COOKIE, 'HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200']) {
      expect(cookie).toContain(part)
    }
    const seen = await fetch(`${url}/metrics`, { headers: { cookie: `other=1; ${cookieOf(begun)}` } })
    expect(seen.status).toBe(200)
    const ended = await fetch(`${url}/console/session`, { method: 'DELETE' })
    expect(ended.status).toBe(204)
    expect(ended.headers.get('set-cookie')).toContain('Expires=Thu, 01 Jan 1970')
  })

  it('is begun by opening the page with the key', async () => {
    const url = await serve(testApp({ console: page() }))
    const opened = await fetch(`${url}/`, { headers: asAdmin })
    expect(await opened.text()).toBe('console')
    expect((await fetch(`${url}/metrics`, { headers: { cookie: cookieOf(opened) } })).status).toBe(200)
    expect((await fetch(`${url}/`)).headers.get('set-cookie')).toBeNull()
  })

  it('is not begun with a wrong key, or with none', async () => {
    const url = await serve(testApp())
    const wrong = await beginSession(url, 'wrong')
    expect(wrong.status).toBe(401)
    expect(wrong.headers.get('set-cookie')).toBeNull()
    expect((await fetch(`${url}/console/session`, { method: 'POST' })).status).toBe(422)
  })

  it('ends in time', async () => {
    let now = Date.now()
    const auth = createAuth({
      adminKey: ADMIN_KEY,
      wrongKeys: wrongKeyLimit(),
      endedSessions: endedSessions(),
      now: () => now,
    })
    const url = await serve(testApp({ auth }))
    const headers = { cookie: cookieOf(await beginSession(url)) }
    expect((await fetch(`${url}/metrics`, { headers })).status).toBe(200)
    now += 12 * 3_600_000
    expect((await fetch(`${url}/metrics`, { headers })).status).toBe(401)
  })

  it('cannot be made longer, nor made with another key', async () => {
    const url = await serve(testApp())
    const cookie = cookieOf(await beginSession(url))
    const longer = cookie.replace(/=\d+/, `=${Date.now() + 1e12}`)
    const otherAuth = createAuth({
      adminKey: 'another key',
      wrongKeys: wrongKeyLimit(),
      endedSessions: endedSessions(),
    })
    const others = cookieOf(await beginSession(await serve(testApp({ auth: otherAuth })), 'another key'))
    for (const forged of [longer, others, `${SESSION_COOKIE}=`, `${SESSION_COOKIE}=NaN.x`]) {
      expect((await fetch(`${url}/metrics`, { headers: { cookie: forged } })).status, forged).toBe(401)
    }
  })

  it('that is signed out is over on every node, and what it had opened is cut off', async () => {
    let now = Date.now()
    const ended = endedSessions()
    const node = () =>
      createAuth({ adminKey: ADMIN_KEY, wrongKeys: wrongKeyLimit(), endedSessions: ended, now: () => now })
    const [here, there] = [await serve(testApp({ auth: node() })), await serve(testApp({ auth: node() }))]
    const headers = { cookie: cookieOf(await beginSession(here)) }
    const other = { cookie: cookieOf(await beginSession(here)) }
    expect((await fetch(`${there}/metrics`, { headers })).status).toBe(200)
    expect((await fetch(`${here}/console/session`, { method: 'DELETE', headers })).status).toBe(204)
    expect((await fetch(`${here}/metrics`, { headers })).status).toBe(401)
    now += 1_000
    expect((await fetch(`${there}/metrics`, { headers })).status).toBe(401)
    expect((await fetch(`${there}/metrics`, { headers: other })).status).toBe(200)
  })

  it('begun over https has a name that no other host can set', async () => {
    const url = await serve(testApp())
    const begun = await fetch(`${url}/console/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url.replace('http:', 'https:') },
      body: JSON.stringify({ key: ADMIN_KEY }),
    })
    const cookie = begun.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^__Host-precall_session=.*; Path=\/; .*Secure/)
    expect(cookie).not.toContain('Domain')
    expect((await fetch(`${url}/metrics`, { headers: { cookie: cookieOf(begun) } })).status).toBe(200)
  })

  test.each([
    ['our own page', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a person', { 'sec-fetch-site': 'none' }, 200],
    ['a page on another port', { 'sec-fetch-site': 'same-site' }, 401],
    ['a page elsewhere', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }, 401],
    ['a link elsewhere', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
    ['an old browser elsewhere', { origin: 'http://127.0.0.1:1' }, 401],
    ['a page without an origin', { origin: 'null' }, 401],
    ['a program', {}, 200],
  ])('is of use to %s or not', async (_, about, status) => {
    const url = await serve(testApp())
    const cookie = cookieOf(await beginSession(url))
    expect(await statusOf(`${url}/metrics`, { cookie, ...about })).toBe(status)
    expect(await statusOf(`${url}/metrics`, { ...asAdmin, ...about })).toBe(200)
  })
})

/** Over node:http, for fetch keeps what browsers alone may say to itself. */
async function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  const [response] = (await once(get(url, { headers }), 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode ?? 0
}
