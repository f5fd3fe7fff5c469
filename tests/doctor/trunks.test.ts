import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { databaseCheck } from '../../src/doctor/database.ts'
import { createTrunkRegister } from '../../src/persistence/trunk-register.ts'
import { createTrunkStore, type TrunkDraft } from '../../src/persistence/trunk-store.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { examine, named } from './examine.ts'

const NODE = '01900000-0000-7000-8000-00000000000a'
const SECRET = 'correct-horse'
const DRAFT: TrunkDraft = {
  name: 'Office',
  enabled: true,
  server: 'sip.example.com',
  transport: 'udp',
  addresses: [],
  country: null,
  numbers: [],
  didFrom: 'request-uri',
  codecs: [],
  srtp: null,
  maxCalls: 4,
  maxCallsPerSecond: null,
  registration: { username: '100', authUsername: null, password: SECRET, expiresSeconds: 3_600 },
  optionsSeconds: 30,
}

describe('the trunks of the database', () => {
  let db: OpenTestDatabase
  beforeAll(async () => {
    db = await openTestDatabase()
    await db.query(
      `insert into service_node (id, worker_ids, roles, host, heartbeat_at) values ($1, '{}', '{sip}', 'here', now())`,
      [NODE],
    )
  })
  beforeEach(() => db.query('delete from trunk'))
  afterAll(() => db.drop())

  const look = (settings: Record<string, string> = {}) =>
    examine(databaseCheck, { DATABASE_URL: db.url, ENABLE_SIP_HANDLER: 'true', SIP_TRUNKS: '', ...settings })

  async function kept(draft: Partial<TrunkDraft> = {}) {
    const { id } = await createTrunkStore(db.database).create({ ...DRAFT, ...draft })
    const register = createTrunkRegister(db.database, NODE)
    await register.keep([id], 60_000)
    return { id, register }
  }

  test('are none: nobody may call, unless the settings say who', async () => {
    expect(named(await look(), 'sip trunks').verdict).toBe('FAIL')
    const named_ = async (settings: Record<string, string>) => (await look(settings)).map(({ name }) => name)
    expect(await named_({ SIP_TRUNKS: '192.0.2.1' })).not.toContain('sip trunks')
    expect(await named_({ ENABLE_SIP_HANDLER: 'false' })).not.toContain('sip trunks')
  })

  test('are told of as their node knows them, without the password', async () => {
    const { id, register } = await kept()
    expect(named(await look(), 'trunk Office')).toMatchObject({
      verdict: 'FAIL',
      finding: 'not registered: there is no answer yet',
    })
    await register.tellRegistration(id, { grantedSeconds: null, error: '403 Forbidden' })
    expect(named(await look(), 'trunk Office').finding).toBe('not registered: 403 Forbidden')
    await register.tellRegistration(id, { grantedSeconds: 600, error: null })
    await register.tellServer(id, { status: 200, roundTripMs: 3, error: null })
    await register.takePlace(id, '01900000-0000-7000-8000-00000000000b')
    const well = named(await look(), 'trunk Office')
    expect(well.finding).toMatch(/^registered until \S+, its server answers OPTIONS \(200\), 1 of 4 calls$/)
    expect(JSON.stringify(await look())).not.toContain(SECRET)
  })

  test('that do not answer, or whose names are lost, are warned of', async () => {
    const { id, register } = await kept({ registration: null })
    await register.tellServer(id, { status: 408, roundTripMs: 1, error: 'it does not answer (408)' })
    expect(named(await look(), 'trunk Office')).toMatchObject({
      verdict: 'warn',
      finding: expect.stringContaining('it does not answer (408)'),
    })
    await register.tellServer(id, { status: 405, roundTripMs: 1, error: null })
    await register.tellNames(id, [{ name: 'sip.example.com', addresses: [], fault: 'ENOTFOUND' }])
    expect(named(await look(), 'trunk Office').finding).toBe('sip.example.com cannot be resolved (ENOTFOUND)')
  })

  test('that are switched off, or that no node keeps, are left out', async () => {
    await kept({ enabled: false })
    expect(named(await look(), 'trunk Office').verdict).toBe('skip')
    const { register } = await kept({ name: 'Other' })
    await register.leave()
    expect(named(await look(), 'trunk Other').verdict).toBe('skip')
  })
})
