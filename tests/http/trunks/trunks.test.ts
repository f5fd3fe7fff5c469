import { describe, expect, it, test } from 'vitest'
import { trunksRoutes } from '../../../src/http/trunks/trunks-routes.ts'
import { PhoneNumbers } from '../../../src/numbers/phone-numbers.ts'
import { type TrunkStanding, UNKNOWN_STANDING } from '../../../src/persistence/trunk-standing.ts'
import {
  type StoredTrunk,
  type TrunkDraft,
  TrunkNameTakenError,
} from '../../../src/persistence/trunk-store.ts'
import { asAdmin, problemOf, serve, testApp } from '../serve.ts'

const ID = '019aa0e4-0000-7000-8000-000000000001'
const UNKNOWN = '019aa0e4-0000-7000-8000-000000000009'
const TAKEN = 'Another'
const SECRET = 'correct horse battery'
const REGISTERED = { username: '100', authUsername: null, password: SECRET, expiresSeconds: 3_600 }

const BARE: TrunkDraft = {
  name: 'Office',
  enabled: true,
  server: null,
  transport: 'udp',
  addresses: [],
  country: null,
  numbers: [],
  didFrom: 'request-uri',
  codecs: [],
  srtp: null,
  maxCalls: null,
  maxCallsPerSecond: null,
  registration: null,
  optionsSeconds: 30,
}
const stored = (draft: TrunkDraft): StoredTrunk => ({
  standing: UNKNOWN_STANDING,
  agents: [],
  ...draft,
  id: ID,
  createdAt: new Date(0),
  updatedAt: new Date(0),
})

function setUp(kept: Partial<TrunkDraft> = {}, isSipTaken = true) {
  const written: Partial<TrunkDraft>[] = []
  const routes = trunksRoutes({
    trunks: {
      list: async () => [stored({ ...BARE, ...kept })],
      get: async (id) => (id === ID ? stored({ ...BARE, ...kept }) : null),
      async create(draft) {
        if (draft.name === TAKEN) throw new TrunkNameTakenError()
        written.push(draft)
        return stored(draft)
      },
      async update(_, change) {
        if (change.name === TAKEN) throw new TrunkNameTakenError()
        written.push(change)
        return stored({ ...BARE, ...kept, ...change })
      },
      remove: async (id) => id === ID,
      count: async () => ({ all: 1, inTrouble: 0 }),
    },
    numbers: new PhoneNumbers('US'),
    settingsTrunk: isSipTaken ? { addresses: ['192.0.2.0/24'], numbers: ['+15550100001'] } : null,
  })
  const url = serve(testApp({ adminRoutes: routes }))
  const request = async (method: string, path: string, body?: unknown) =>
    fetch(`${await url}/api/v1/trunks${path}`, {
      method,
      headers: { ...asAdmin, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return { request, written }
}

const faultsOf = async (response: Response) => {
  expect(response.status).toBe(422)
  return ((await problemOf(response)).errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`)
}

describe('a trunk', () => {
  it('is set up with as little as a name and an address', async () => {
    const { request, written } = setUp()
    const response = await request('POST', '', { name: 'Office', addresses: ['192.0.2.7'] })
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/api/v1/trunks/${ID}`)
    expect(written).toEqual([{ ...BARE, addresses: ['192.0.2.7'] }])
  })

  it.each([
    ['192.0.2.1:5060', '192.0.2.7', '2001:db8::7'],
    ['[2001:db8::1]:5061', '192.0.2.0/24', '2001:db8::/32'],
    ['sip.example.com', 'gw-1.example.com', '_odd.example.com'],
    ['fritz.box:5060', 'localhost'],
  ])('may be at %s', async (server, ...addresses) => {
    const { request } = setUp()
    expect((await request('POST', '', { name: 'x', server, addresses })).status).toBe(201)
  })

  it.each([
    [
      { addresses: ['192.0.2.1:5060'] },
      '#/addresses/0: must be an address, a CIDR or a DNS name without a port',
    ],
    [{ addresses: ['192.0.2.300'] }, '#/addresses/0: must be an address'],
    [{ addresses: ['192.0.2.0/33'] }, '#/addresses/0: must be an address'],
    [{ addresses: ['a', 'a'] }, '#/addresses: must not name an address twice'],
    [{ server: 'sip:example.com' }, '#/server: must be a host with or without a port'],
    [{ server: 'example.com:70000' }, '#/server: must be a host'],
    [{ server: 'user@example.com' }, '#/server: must be a host'],
    [{ country: 'XX' }, '#/country: must be a country as two letters'],
    [{ numbers: ['4155550100'], country: null, name: 'y' }, null],
    [{ transport: 'sctp' }, '#/transport: must be one of: udp, tcp, tls'],
    [{ codecs: ['G729'] }, '#/codecs/0: must be one of: PCMU, PCMA, G722, OPUS'],
    [{ srtp: 'maybe' }, '#/srtp: must be one of: off, optional, required'],
    [{ didFrom: 'from' }, '#/didFrom: must be one of: request-uri, to'],
    [{ maxCalls: 0 }, '#/maxCalls: '],
    [{ maxCallsPerSecond: 0 }, '#/maxCallsPerSecond: '],
    [{ optionsSeconds: 1 }, '#/optionsSeconds: '],
    [
      { registration: { username: '100', password: 'x' } },
      '#/server: is missing: a registration needs the host',
    ],
    [
      { server: 'a', registration: { username: '1 0', password: 'x' } },
      '#/registration/username: must be the user',
    ],
    [{ server: 'a', registration: { username: '100' } }, '#/registration/password: is missing'],
    [
      { server: 'a', registration: { username: '1', password: 'x', expiresSeconds: 1 } },
      '#/registration/expiresSeconds',
    ],
    [{ secret: 'x' }, '#/secret: is not known here'],
  ])('is refused with %j', async (wrong, fault) => {
    const { request, written } = setUp()
    const response = await request('POST', '', { name: 'x', ...wrong })
    if (fault === null) expect(response.status).toBe(201)
    else {
      expect((await faultsOf(response)).join()).toContain(fault)
      expect(written).toEqual([])
    }
  })

  it('has its numbers in the spelling of calls, as those of its own country', async () => {
    const { request, written } = setUp()
    const body = { name: 'Köln', country: 'de', numbers: ['0221 4710', '+49 221 4711'] }
    expect((await request('POST', '', body)).status).toBe(201)
    expect(written[0]).toMatchObject({ country: 'DE', numbers: ['+492214710', '+492214711'] })
    await request('POST', '', { name: 'Here', numbers: ['(415) 555-0100'] })
    expect(written[1]).toMatchObject({ numbers: ['+14155550100'] })
  })

  it('reads the numbers that it has anew in another country', async () => {
    const { request, written } = setUp({ numbers: ['2214710'] })
    await request('PATCH', `/${ID}`, { country: 'DE' })
    expect(written).toEqual([{ country: 'DE', numbers: ['+492214710'] }])
  })

  it('is changed only in what is sent', async () => {
    const { request, written } = setUp({ numbers: ['+15550100001'] })
    expect((await request('PATCH', `/${ID}`, { name: 'Other', maxCalls: 3 })).status).toBe(200)
    expect((await request('PATCH', `/${ID}`, {})).status).toBe(200)
    expect(written).toEqual([{ name: 'Other', maxCalls: 3 }, {}])
  })

  it('has a name of its own', async () => {
    const { request } = setUp()
    expect((await request('POST', '', { name: TAKEN })).status).toBe(409)
    const refusal = await request('PATCH', `/${ID}`, { name: TAKEN })
    expect([refusal.status, (await problemOf(refusal)).detail]).toEqual([409, 'Another trunk has this name.'])
  })

  it('is not there once it is removed', async () => {
    const { request } = setUp()
    expect((await request('DELETE', `/${ID}`)).status).toBe(204)
    expect((await request('DELETE', `/${UNKNOWN}`)).status).toBe(404)
    expect((await request('GET', `/${UNKNOWN}`)).status).toBe(404)
    expect((await request('PATCH', `/${UNKNOWN}`, {})).status).toBe(404)
  })
})

describe('the password of a registration', () => {
  const kept = { server: 'sip.example.com', registration: REGISTERED }

  it('is taken, kept, and in no answer', async () => {
    const { request, written } = setUp(kept)
    const registration = { username: '100', password: SECRET }
    const answers = [
      await request('POST', '', { name: 'x', server: 'sip.example.com', registration }),
      await request('GET', ''),
      await request('GET', `/${ID}`),
      await request('PATCH', `/${ID}`, { registration }),
    ]
    for (const answer of answers) {
      expect(answer.ok).toBe(true)
      const said = await answer.text()
      expect(said).toContain('"username":"100"')
      expect(said).not.toContain('horse')
      expect(said).not.toContain('password')
    }
    expect(written.map((trunk) => trunk.registration)).toEqual([REGISTERED, REGISTERED])
  })

  it('stays where a change leaves it out, and must be sent where there was none', async () => {
    const registration = { username: '200' }
    const { request, written } = setUp(kept)
    expect((await request('PATCH', `/${ID}`, { registration })).status).toBe(200)
    expect(written).toEqual([{ registration: { ...REGISTERED, username: '200' } }])
    const without = setUp({ server: 'sip.example.com' })
    expect(await faultsOf(await without.request('PATCH', `/${ID}`, { registration }))).toEqual([
      '#/registration/password: is missing: none is kept that could stay',
    ])
  })

  it('is not repeated by a refusal', async () => {
    const { request } = setUp()
    const registration = { username: '1 0', password: SECRET }
    const refusal = await request('POST', '', { name: 'x', server: 'a', registration })
    expect(refusal.status).toBe(422)
    expect(await refusal.text()).not.toContain('horse')
  })

  it('goes with the registration', async () => {
    const { request, written } = setUp(kept)
    expect((await request('PATCH', `/${ID}`, { registration: null })).status).toBe(200)
    expect(written).toEqual([{ registration: null }])
    expect(await faultsOf(await request('PATCH', `/${ID}`, { server: null }))).toEqual([
      '#/server: is missing: a registration needs the host of its registrar',
    ])
  })
})

test('the trunk of the settings is listed beside them, and cannot be changed', async () => {
  const { request } = setUp()
  expect(await (await request('GET', '')).json()).toMatchObject({
    fromSettings: { addresses: ['192.0.2.0/24'], numbers: ['+15550100001'] },
  })
})

test.each([
  [{}, true, ['It has neither a server nor an address']],
  [{ enabled: false }, true, []],
  [{ addresses: ['0.0.0.0/0'] }, true, ['It has a range of half the Internet']],
  [{ addresses: ['192.0.2.1'] }, false, ['ENABLE_SIP_HANDLER is not true']],
  [{ server: 'sip.example.com' }, true, []],
])('a trunk with %j says what to expect of it', async (kept, isSipTaken, warnings) => {
  const { request } = setUp(kept, isSipTaken)
  const { trunks } = await (await request('GET', '')).json()
  expect(trunks[0].warnings).toEqual(warnings.map((start) => expect.stringContaining(start)))
})

describe('how a trunk is doing', () => {
  const at = new Date(1_000)
  const until = new Date(2_000)
  const answering = { status: 200, error: null, failures: 0, failingSince: null, roundTripMs: 12.5, at }
  const registered = { server: 'sip.example.com', registration: REGISTERED }
  const stateOf = async (kept: Partial<TrunkDraft>, standing: Partial<TrunkStanding>) => {
    const { request } = setUp({ ...kept, standing: { ...UNKNOWN_STANDING, ...standing } } as typeof kept)
    return (await (await request('GET', `/${ID}`)).json()).state
  }

  it.each([
    ['pending before the first answer', null, 'pending'],
    ['registered', { until, error: null, at }, 'registered'],
    [
      'registered, though it could not be renewed',
      { until, error: 'it does not answer (408)', at },
      'registered',
    ],
    ['failed', { until: null, error: '403 Forbidden', at }, 'failed'],
    ['pending after it was taken back', { until: null, error: null, at }, 'pending'],
  ])('is %s', async (_, registration, status) => {
    expect((await stateOf(registered, { registration })).registration).toMatchObject({
      status,
      error: registration?.error ?? null,
    })
  })

  it('says nothing of what is not to be: no registration, no OPTIONS, a trunk that is switched off', async () => {
    const standing = { registration: { until, error: null, at }, server: answering }
    const nothing = { registration: null, server: null }
    expect(await stateOf({}, standing)).toMatchObject(nothing)
    expect(await stateOf({ ...registered, enabled: false }, standing)).toMatchObject(nothing)
    expect(await stateOf({ ...registered, optionsSeconds: null }, standing)).toMatchObject({ server: null })
  })

  it('says whether its server answers, and since when not', async () => {
    expect((await stateOf(registered, { server: answering })).server).toMatchObject({
      isAnswering: true,
      status: 200,
      roundTripMs: 12.5,
    })
    const silent = {
      ...answering,
      status: 408,
      error: 'it does not answer (408)',
      failures: 3,
      failingSince: at,
    }
    expect((await stateOf(registered, { server: silent })).server).toMatchObject({
      isAnswering: false,
      failures: 3,
      failingSince: at.toISOString(),
    })
  })
})
