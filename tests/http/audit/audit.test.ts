import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agentsRoutes } from '../../../src/http/agents/agents-routes.ts'
import { recordKeys, recordWrites } from '../../../src/http/audit/audit.ts'
import { auditRoutes } from '../../../src/http/audit/audit-routes.ts'
import { wrongKeyLimit } from '../../../src/http/rate-limits.ts'
import { createAuth } from '../../../src/http/sessions/auth.ts'
import { createAgentStore } from '../../../src/persistence/agent-store.ts'
import { type AuditLog, createAuditLog } from '../../../src/persistence/audit-log.ts'
import { endedSessions } from '../../support/ended-sessions.ts'
import { type OpenTestDatabase, openTestDatabase } from '../../support/open-database.ts'
import { until } from '../../support/until.ts'
import { ADMIN_KEY, asAdmin, serve, testApp } from '../serve.ts'

let db: OpenTestDatabase
let audit: AuditLog
let url: string
beforeAll(async () => {
  db = await openTestDatabase()
  audit = createAuditLog(db.database)
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.query('delete from audit_entry')
  const log = pino({ level: 'silent' })
  const auth = createAuth({
    adminKey: ADMIN_KEY,
    wrongKeys: wrongKeyLimit(),
    endedSessions: endedSessions(),
    onKey: recordKeys({ audit, log }),
  })
  url = await serve(
    testApp({
      auth,
      adminRoutes: [...agentsRoutes({ agents: createAgentStore(db.database) }), ...auditRoutes(audit)],
      recordWrite: recordWrites({ audit, adminOf: auth.adminOf, log }),
    }),
  )
})

const json = { 'content-type': 'application/json' }
const post = (path: string, body: object, headers: Record<string, string> = asAdmin) =>
  fetch(`${url}${path}`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })

const entries = async (query = '') =>
  (await (await fetch(`${url}/api/v1/audit${query}`, { headers: asAdmin })).json()) as {
    entries: { actor: string; session: string | null; action: string; status: number | null }[]
    nextCursor: string | null
  }

const answered = async (count: number) => {
  await until(
    `${count} entries are complete`,
    async () => (await entries()).entries.filter(({ status }) => status !== null).length === count,
  )
  return (await entries()).entries
}

describe('the audit log', () => {
  it('tells who did what, when, from where, with the names of what was sent and never the values', async () => {
    await post('/api/v1/agents', { name: 'Ann', instructions: 'a secret recipe' })
    const [entry] = await answered(1)
    expect(entry).toMatchObject({
      actor: 'key',
      session: null,
      address: '127.0.0.1',
      method: 'POST',
      path: '/api/v1/agents',
      action: 'Sets up a voice agent',
      fields: ['name', 'instructions'],
      status: 201,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
    expect(JSON.stringify(entry)).not.toContain('secret recipe')
  })

  it('tells a refused write too, and no question', async () => {
    await post('/api/v1/agents', { name: 7 })
    await fetch(`${url}/api/v1/agents`, { headers: asAdmin })
    const found = await answered(1)
    expect(found.map(({ status }) => status)).toEqual([422])
  })

  it('tells console sessions apart', async () => {
    const cookies: string[] = []
    for (const at of [0, 1]) {
      const begun = await post('/console/session', { key: ADMIN_KEY }, {})
      cookies[at] = begun.headers.get('set-cookie')?.split(';')[0] ?? ''
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    for (const cookie of cookies) await post('/api/v1/agents', { name: 'Bob' }, { cookie })
    const found = await answered(4)
    const written = found.filter(({ actor }) => actor === 'session').map(({ session }) => session)
    expect(new Set(written).size).toBe(2)
    const begun = found.filter(({ action }) => action === 'Signs in to the console')
    expect(new Set(begun.map(({ session }) => session))).toEqual(new Set(written))
  })

  it('tells of wrong keys, with nothing of them, and not of endlessly many', async () => {
    await post('/console/session', { key: 'a guess' }, {})
    await fetch(`${url}/api/v1/agents?x=1`, { headers: { authorization: 'Bearer another-guess' } })
    await fetch(`${url}/api/v1/agents`)
    const found = await answered(2)
    expect(found).toMatchObject([
      {
        actor: 'nobody',
        session: null,
        action: 'Shows a wrong admin key',
        path: '/api/v1/agents',
        status: 401,
      },
      {
        actor: 'nobody',
        session: null,
        action: 'Shows a wrong admin key',
        path: '/console/session',
        status: 401,
      },
    ])
    expect(JSON.stringify(found)).not.toContain('guess')
    for (let i = 0; i < 30; i++) await post('/console/session', { key: 'a guess' }, {})
    await answered(20)
  })

  it('keeps an entry without an answer when the process ends before it', async () => {
    const about = { method: 'POST', path: '/', address: '127.0.0.1', fields: [], session: null }
    await audit.begin({ actor: 'key', action: 'Kills this process', ...about })
    expect((await entries()).entries).toMatchObject([{ action: 'Kills this process', status: null }])
  })

  it('does nothing that it cannot write down', async () => {
    const log = pino({ level: 'silent' })
    const auth = createAuth({
      adminKey: ADMIN_KEY,
      wrongKeys: wrongKeyLimit(),
      endedSessions: endedSessions(),
    })
    const away = { ...audit, begin: () => Promise.reject(new Error('the database is away')) }
    const agents = createAgentStore(db.database)
    url = await serve(
      testApp({
        auth,
        adminRoutes: agentsRoutes({ agents }),
        recordWrite: recordWrites({ audit: away, adminOf: auth.adminOf, log }),
      }),
    )
    const before = (await agents.list()).length
    expect((await post('/api/v1/agents', { name: 'Eve' })).status).toBe(500)
    expect(await agents.list()).toHaveLength(before)
  })

  it('is read page by page', async () => {
    for (let i = 0; i < 3; i++) await post('/api/v1/agents', { name: `Agent ${i}` })
    await answered(3)
    const first = await entries('?limit=2')
    expect(first.entries).toHaveLength(2)
    const second = await entries(`?limit=2&cursor=${first.nextCursor}`)
    expect(second.entries).toHaveLength(1)
    expect(second.nextCursor).toBeNull()
  })
})
