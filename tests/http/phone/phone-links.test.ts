import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { phoneLinksRoutes } from '../../../src/http/phone/phone-links-routes.ts'
import { phoneRoutes } from '../../../src/http/phone/phone-routes.ts'
import { PhoneNumbers } from '../../../src/numbers/phone-numbers.ts'
import { createAgentStore } from '../../../src/persistence/agent-store.ts'
import { createPhoneLinkStore, type PhoneLinkStore } from '../../../src/persistence/phone-link-store.ts'
import { type OpenTestDatabase, openTestDatabase } from '../../support/open-database.ts'
import { asAdmin, problemOf, serve, testApp } from '../serve.ts'

const BROWSER = {
  url: 'wss://sip.example.com:8443',
  iceServers: [{ urls: 'stun:stun.example.com' }],
  embedOrigins: [] as string[],
}
const NUMBER = '+15550100142'
const CALLER = '+15550100777'

let db: OpenTestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())

type Link = { id: string; url: string; to: string; status: string } & Record<string, unknown>

/** A node on the database of all; what it holds in memory is its own. */
async function startNode({ browser = BROWSER, isSetUp = true } = {}) {
  const phoneLinks: PhoneLinkStore = createPhoneLinkStore(db.database)
  const adminRoutes = phoneLinksRoutes({
    phoneLinks,
    agents: createAgentStore(db.database),
    numbers: new PhoneNumbers(null),
    canCallFromBrowser: isSetUp,
    publicUrl: null,
  })
  const phone = phoneRoutes({ assetsDir: '/nowhere', links: phoneLinks, browser })
  const origin = await serve(testApp({ adminRoutes, phone }))
  const send = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  return {
    origin,
    phoneLinks,
    post: (body: object) => send('/api/v1/phone-links', body, asAdmin),
    make: async (body: object): Promise<Link & { token: string }> => {
      const link = (await (await send('/api/v1/phone-links', body, asAdmin)).json()) as Link
      return { ...link, token: new URL(link.url).hash.slice(1) }
    },
    list: async () => {
      const response = await fetch(`${origin}/api/v1/phone-links`, { headers: asAdmin })
      return ((await response.json()) as { links: Link[] }).links
    },
    remove: (id: string) =>
      fetch(`${origin}/api/v1/phone-links/${id}`, { method: 'DELETE', headers: asAdmin }),
    look: (token: string) => send('/phone/link', { token }),
    exchange: (token: string, headers?: Record<string, string>) =>
      send('/phone/credentials', { token }, headers),
  }
}

type Credentials = { user: string; password: string; url: string; iceServers: object[] }
const expire = (id: string) =>
  db.query("update phone_link set expires_at = now() - interval '1 second' where id = $1", [id])

describe('An operator', () => {
  it('makes a link to a number, whose token is told once and kept as a hash', async () => {
    const node = await startNode()
    const response = await node.post({
      to: '+1 (555) 010-0142',
      callerNumber: '+1 555 0100777',
      callerName: 'Ann',
    })
    expect(response.status).toBe(201)
    const link = (await response.json()) as Link
    expect(link).toMatchObject({ to: NUMBER, callerNumber: CALLER, callerName: 'Ann', status: 'waiting' })
    const { origin, pathname, hash } = new URL(link.url)
    expect([origin, pathname]).toEqual([node.origin, '/phone'])
    expect(hash).toMatch(/^#[\w-]{43}$/)
    const [row] = await db.query<object>('select * from phone_link where id = $1', [link.id])
    expect(JSON.stringify(row)).not.toContain(hash.slice(1))
    const listed = (await node.list()).find(({ id }) => id === link.id)
    expect(listed).toMatchObject({ to: NUMBER, status: 'waiting', callId: null })
    expect(listed).not.toHaveProperty('url')
  })

  it('makes one to an agent, with a number or without', async () => {
    const node = await startNode()
    const agents = createAgentStore(db.database)
    const draft = {
      backend: 'elevenlabs' as const,
      vendorAgentId: null,
      model: null,
      turnDetection: null,
      voiceId: null,
      instructions: null,
    }
    const rest = { firstMessage: null, language: null, tools: [], transferNumber: null }
    const desk = await agents.create({ ...draft, ...rest, name: 'Desk', numbers: ['+15550100150'] })
    const alone = await agents.create({ ...draft, ...rest, name: 'Alone', numbers: [] })
    expect(await node.make({ agentId: desk.id })).toMatchObject({ to: '+15550100150', agentName: 'Desk' })
    expect(await node.make({ agentId: alone.id })).toMatchObject({ to: 'web-phone', agentName: 'Alone' })
  })

  it.each([
    ['neither number nor agent', {}],
    ['both', { to: NUMBER, agentId: '019aa0e4-0000-7000-8000-000000000009' }],
    ['an agent who is not there', { agentId: '019aa0e4-0000-7000-8000-000000000009' }],
    ['nobody’s number', { to: 'anonymous' }],
    ['a caller without a country', { to: NUMBER, callerNumber: '5550100777' }],
    ['a second', { to: NUMBER, expiresInSeconds: 1 }],
    ['a year', { to: NUMBER, expiresInSeconds: 31_536_000 }],
  ])('makes none with %s', async (_, body) => {
    const response = await (await startNode()).post(body)
    expect(response.status).toBe(422)
    expect((await problemOf(response)).errors).not.toEqual([])
  })

  it('makes none where no browser could call', async () => {
    const response = await (await startNode({ isSetUp: false })).post({ to: NUMBER })
    expect(response.status).toBe(409)
    expect((await problemOf(response)).detail).toContain('SIP_WSS_URL')
  })

  it('removes one, and nobody calls by it any more', async () => {
    const node = await startNode()
    const { id, token } = await node.make({ to: NUMBER })
    const { user } = (await (await node.exchange(token)).json()) as Credentials
    expect((await node.remove(id)).status).toBe(204)
    expect((await node.exchange(token)).status).toBe(404)
    expect(await node.phoneLinks.findUser(user)).toBeNull()
    expect((await node.remove(id)).status).toBe(404)
  })
})

describe('Whoever has a link', () => {
  it('sees whom it calls, and gets a SIP user for the one call', async () => {
    const node = await startNode()
    const { token } = await node.make({ to: NUMBER, callerNumber: CALLER, callerName: 'Ann' })
    expect(await (await node.look(token)).json()).toMatchObject({ callee: NUMBER, callerName: 'Ann' })
    const response = await node.exchange(token)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { user, password, url, iceServers } = (await response.json()) as Credentials
    expect([url, iceServers]).toEqual([BROWSER.url, BROWSER.iceServers])
    expect(await node.phoneLinks.findUser(user)).toMatchObject({ password, to: NUMBER, callerNumber: CALLER })
  })

  it('may load the page again before the call: the user of the first time is no more', async () => {
    const node = await startNode()
    const { token } = await node.make({ to: NUMBER })
    const [first, second] = [await node.exchange(token), await node.exchange(token)]
    const { user: gone } = (await first.json()) as Credentials
    const { user } = (await second.json()) as Credentials
    expect(await node.phoneLinks.findUser(gone)).toBeNull()
    expect(await node.phoneLinks.findUser(user)).not.toBeNull()
  })

  it('calls once, on whatever node: of two calls at once one gets it', async () => {
    const [one, other] = [await startNode(), await startNode()]
    const { id, token } = await one.make({ to: NUMBER })
    const { user } = (await (await one.exchange(token)).json()) as Credentials
    expect(await other.phoneLinks.findUser(user)).not.toBeNull()
    const claims = await Promise.all([
      one.phoneLinks.claim(id, 'call-1'),
      other.phoneLinks.claim(id, 'call-2'),
    ])
    expect(claims.toSorted()).toEqual([false, true])
    for (const node of [one, other]) {
      const refused = await node.exchange(token)
      expect(refused.status).toBe(410)
      expect((await problemOf(refused)).detail).toMatch(/^This link has been used/)
      expect((await node.look(token)).status).toBe(410)
      expect(await node.phoneLinks.findUser(user)).toBeNull()
    }
    expect((await one.list()).find((link) => link.id === id)?.status).toBe('used')
  })

  it('may try again when nothing came of the call', async () => {
    const node = await startNode()
    const { id, token } = await node.make({ to: NUMBER })
    await node.exchange(token)
    expect(await node.phoneLinks.claim(id, 'call-3')).toBe(true)
    await node.phoneLinks.giveBack(id, 'another call')
    expect((await node.exchange(token)).status).toBe(410)
    await node.phoneLinks.giveBack(id, 'call-3')
    expect((await node.exchange(token)).status).toBe(200)
  })

  it('is as good as before when whoever took its call is gone, and there is no call', async () => {
    const [node, other] = [await startNode(), await startNode()]
    const { id, token } = await node.make({ to: NUMBER })
    await node.exchange(token)
    expect(await node.phoneLinks.claim(id, 'call-4')).toBe(true)
    const later = "update phone_link set used_at = now() - interval '31 seconds' where id = $1"
    await db.query(later, [id])
    expect((await other.look(token)).status).toBe(200)
    const { user } = (await (await other.exchange(token)).json()) as Credentials
    expect(await other.phoneLinks.findUser(user)).not.toBeNull()
    expect(await other.phoneLinks.claim(id, 'call-5')).toBe(true)
    await db.query(
      `insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, public_origin,
         media_secret, state, voice_state, snapshot, chart_version, last_seq)
       values (gen_random_uuid(), 'sip', 'call-5', 'inbound', 'a', 'b', 'sip:', 's', 'greeting', 'default', '{}', '2', 1)`,
    )
    await db.query(later, [id])
    expect((await other.look(token)).status).toBe(410)
    expect((await other.exchange(token)).status).toBe(410)
  })

  it('leaves nothing behind: no password after its minute, no link after its time', async () => {
    const node = await startNode()
    const { id, token } = await node.make({ to: NUMBER })
    await node.exchange(token)
    const jobs = await db.query<{ key: string }>(
      "select key from graphile_worker.jobs where task_identifier = 'tidy-phone-links' and key like '%' || $1",
      [id],
    )
    expect(jobs.map(({ key }) => key.split(':')[0]).sort()).toEqual(['phone-link', 'phone-link-user'])
    const passwords = () =>
      db.query('select sip_password from phone_link where id = $1 and sip_password is not null', [id])
    await node.phoneLinks.tidy()
    expect(await passwords()).toHaveLength(1)
    await db.query('update phone_link set credentials_expire_at = now() where id = $1', [id])
    await node.phoneLinks.tidy()
    expect(await passwords()).toHaveLength(0)
    await db.query("update phone_link set expires_at = now() - interval '31 days' where id = $1", [id])
    await node.phoneLinks.tidy()
    expect((await node.list()).map((link) => link.id)).not.toContain(id)
  })

  it('is refused in plain words when it has expired, or is none', async () => {
    const node = await startNode()
    const { id, token } = await node.make({ to: NUMBER })
    await expire(id)
    const [expired, unknown] = [await node.exchange(token), await node.exchange(`${token}x`)]
    expect([expired.status, unknown.status]).toEqual([410, 404])
    expect((await problemOf(expired)).detail).toMatch(/^This link has expired/)
    expect((await problemOf(unknown)).detail).toMatch(/^This link is not known/)
  })

  it('is taken for nobody a minute after the exchange', async () => {
    const node = await startNode()
    const { id, token } = await node.make({ to: NUMBER })
    const { user } = (await (await node.exchange(token)).json()) as Credentials
    await db.query(
      "update phone_link set credentials_expire_at = now() - interval '1 second' where id = $1",
      [id],
    )
    expect(await node.phoneLinks.findUser(user)).toBeNull()
    expect((await node.exchange(token)).status).toBe(200)
  })

  it.each([
    ['of another site', { origin: 'https://evil.example.com' }],
    ['of another site, as a browser says', { 'sec-fetch-site': 'cross-site' }],
    ['of a neighbouring port', { 'sec-fetch-site': 'same-site' }],
  ])('gets nothing for it on a page %s', async (_, headers) => {
    const node = await startNode()
    const { token } = await node.make({ to: NUMBER })
    expect((await node.exchange(token, headers)).status).toBe(403)
    expect((await node.exchange(token, { origin: node.origin })).status).toBe(200)
  })

  it.each([['{}'], ['{"token":5}'], ['null'], ['[']])('is told what a body like %s lacks', async (body) => {
    const { origin } = await startNode()
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${origin}/phone/credentials`, { method: 'POST', headers, body })
    expect([400, 422]).toContain(response.status)
    await problemOf(response)
  })

  it('hears that it is not set up, when it is not', async () => {
    const node = await startNode({ browser: { ...BROWSER, url: null as never } })
    const { token } = await node.make({ to: NUMBER })
    expect((await node.exchange(token)).status).toBe(503)
  })
})

describe('The page', () => {
  const policyOf = async (embedOrigins: string[]) => {
    const { headers } = await fetch(
      `${(await startNode({ browser: { ...BROWSER, embedOrigins } })).origin}/phone`,
    )
    return { csp: headers.get('content-security-policy'), frame: headers.get('x-frame-options') }
  }

  it('reaches this service and drachtio-server, and is shown in no frame', async () => {
    const { csp, frame } = await policyOf([])
    expect(csp).toContain("connect-src 'self' wss://sip.example.com:8443")
    expect(csp).toContain("frame-ancestors 'none'")
    expect(csp).not.toContain('unsafe')
    expect(frame).toBe('SAMEORIGIN')
  })

  it('is shown in frames of the sites that are named', async () => {
    const { csp, frame } = await policyOf(['https://www.example.com', 'https://shop.example.com'])
    expect(csp).toContain('frame-ancestors https://www.example.com https://shop.example.com')
    expect(frame).toBeNull()
  })
})
