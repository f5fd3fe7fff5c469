import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ServiceProcess } from '../support/service-process.ts'
import { readSdp } from '../support/simulated-sip/sdp.ts'
import { SipRegistrar } from '../support/sip-registrar.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'
import { SERVICE_NUMBER } from '../support/world.ts'

/** All of 127.0.0.0/8 is this machine. */
const PROVIDER = '127.1.0.9'
const USER = { name: 'acct-7', password: 'correct-horse' }
/** A real server that asks one who is not there gives up after 32 s (RFC 3261, timer F). */
const PATIENCE_MS = REAL_SERVERS ? 60_000 : 30_000
/** A registration that is given for this long is renewed while a story waits. */
const SHORT_S = 3

type Trunk = {
  id: string
  state: {
    keptBy: string | null
    registration: { status: string; error: string | null } | null
    server: { isAnswering: boolean; failures: number; error: string | null } | null
    names: { name: string; addresses: string[] }[]
    liveCalls: number
  }
}

let sip: SipWorld
const made: string[] = []

async function api<Answer = Trunk>(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${sip.world.node.origin}/api/v1/trunks${path}`, {
    method,
    headers: { authorization: `Bearer ${sip.world.adminKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return (text ? JSON.parse(text) : null) as Answer
}

/** Sets up a trunk and waits until a node that holds legs knows of it. */
async function trunkAt(settings: object): Promise<Trunk> {
  const { id } = await api('POST', '', { name: 'Provider', optionsSeconds: null, ...settings })
  made.push(id)
  return untilTrunk(id, 'is kept', ({ state }) => state.keptBy !== null)
}

const untilTrunk = (id: string, what: string, is: (trunk: Trunk) => boolean): Promise<Trunk> =>
  until(
    `the trunk ${what}`,
    async () => {
      const trunk = await api('GET', `/${id}`)
      return is(trunk) ? trunk : null
    },
    async () => JSON.stringify(await api('GET', `/${id}`)),
    PATIENCE_MS,
  )

async function removeTrunks(): Promise<void> {
  for (const id of made.splice(0)) await api('DELETE', `/${id}`)
}

const partiesOf = async (callId: string) =>
  (
    await sip.world.db.query<{ from_number: string; to_number: string }>(
      'select from_number, to_number from call_log where provider_call_id = $1',
      [callId],
    )
  )[0]

async function hangUp(call: ReturnType<SipWorld['call']>): Promise<void> {
  await call.line.bye()
  await call.outcome()
}

describe('A trunk that is set up at run time', () => {
  beforeAll(async () => {
    sip = await SipWorld.begin({ settings: { SIP_TRUNKS: '' } })
  })
  afterEach(removeTrunks)
  afterAll(() => sip.end())

  it('may call from then on, until it is switched off or removed', async () => {
    expect(await sip.call({ sourceAddress: PROVIDER }).answer()).toBe(403)
    const { id } = await trunkAt({ addresses: ['127.1.0.0/16'] })
    const call = sip.call({ sourceAddress: PROVIDER })
    expect(await call.answer()).toBe(200)
    expect((await sip.servers.phone.request('OPTIONS', { sourceAddress: PROVIDER })).status).toBe(200)
    await api('PATCH', `/${id}`, { enabled: false })
    await until('it is refused', async () => (await sip.call({ sourceAddress: PROVIDER }).answer()) === 403)
    // The call that lives is none the worse for it.
    await hangUp(call)
  })

  it('is known by a DNS name', async () => {
    const { id } = await trunkAt({ addresses: ['localhost'] })
    const { state } = await untilTrunk(id, 'has addresses', (trunk) =>
      trunk.state.names.some(({ addresses }) => addresses.includes('127.0.0.1')),
    )
    expect(state.names.map(({ name }) => name)).toEqual(['localhost'])
    const call = sip.call({ sourceAddress: '127.0.0.1' })
    expect(await call.answer()).toBe(200)
    await hangUp(call)
  })

  it('has its numbers read as those of its country, and the called one from the To header', async () => {
    await trunkAt({ addresses: [PROVIDER], country: 'DE', didFrom: 'to', numbers: ['0221 4710'] })
    const to = { To: '<sip:0221-4710@provider.example>' }
    const call = sip.call({ sourceAddress: PROVIDER, from: '0301234567', to: USER.name, headers: to })
    expect(await call.answer()).toBe(200)
    expect(await partiesOf(call.sid)).toEqual({ from_number: '+49301234567', to_number: '+492214710' })
    await hangUp(call)
    expect(await sip.call({ sourceAddress: PROVIDER, to: SERVICE_NUMBER }).answer()).toBe(404)
  })

  it('has an agent for each of its numbers', async () => {
    const agents = `${sip.world.node.origin}/api/v1/agents`
    const headers = { authorization: `Bearer ${sip.world.adminKey}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'Front desk', numbers: ['+492214711'] })
    const agent = await (await fetch(agents, { method: 'POST', headers, body })).json()
    const trunk = await trunkAt({ addresses: [PROVIDER], country: 'DE', numbers: ['0221 4711', '0221 4712'] })
    expect(trunk).toMatchObject({
      agents: [{ number: '+492214711', agentId: agent.id, agentName: 'Front desk' }],
    })
    const call = sip.call({ sourceAddress: PROVIDER, to: '02214711' })
    expect(await call.answer()).toBe(200)
    const sql = 'select agent_id from call_log where provider_call_id = $1'
    expect(await sip.world.db.query(sql, [call.sid])).toEqual([{ agent_id: agent.id }])
    await hangUp(call)
  })

  it('has no more calls at once than it may, and is told to come again', async () => {
    const { id } = await trunkAt({ addresses: [PROVIDER], maxCalls: 2 })
    const calls = [1, 2].map(() => sip.call({ sourceAddress: PROVIDER }))
    expect(await Promise.all(calls.map((call) => call.answer()))).toEqual([200, 200])
    await untilTrunk(id, 'has two calls', ({ state }) => state.liveCalls === 2)
    const refused = await sip.call({ sourceAddress: PROVIDER }).line.final
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '5'])
    await hangUp(calls[0] as (typeof calls)[0])
    await untilTrunk(id, 'has one call', ({ state }) => state.liveCalls === 1)
    const third = sip.call({ sourceAddress: PROVIDER })
    expect(await third.answer()).toBe(200)
    await Promise.all([hangUp(calls[1] as (typeof calls)[0]), hangUp(third)])
    await untilTrunk(id, 'has no calls', ({ state }) => state.liveCalls === 0)
  })

  it('gives each place away once, however many calls come in the same moment', async () => {
    await trunkAt({ addresses: [PROVIDER], maxCalls: 3 })
    const calls = Array.from({ length: 8 }, () => sip.call({ sourceAddress: PROVIDER }))
    const answers = await Promise.all(calls.map((call) => call.answer()))
    expect(answers.filter((status) => status === 200).length).toBe(3)
    expect(answers.filter((status) => status === 503).length).toBe(5)
    await Promise.all(calls.filter(({ line }) => line.isAnswered).map(hangUp))
  })

  it('has no other codecs than it may, at first and later', async () => {
    await trunkAt({ addresses: [PROVIDER], codecs: ['PCMA'] })
    expect(await sip.call({ sourceAddress: PROVIDER, codecs: ['PCMU'] }).answer()).toBe(488)
    const call = sip.call({ sourceAddress: PROVIDER, codecs: ['PCMU', 'PCMA', 'telephone-event'] })
    expect(readSdp((await call.line.final).body)?.codecs[0]).toBe('PCMA')
    expect((await call.line.reInvite({ codecs: ['PCMU'] })).status).toBe(488)
    await hangUp(call)
  })

  it('has plain audio or none, as it is set', async () => {
    const { id } = await trunkAt({ addresses: [PROVIDER], srtp: 'required' })
    expect(await sip.call({ sourceAddress: PROVIDER }).answer()).toBe(488)
    await api('PATCH', `/${id}`, { srtp: null })
    const call = await until('plain audio is taken', async () => {
      const next = sip.call({ sourceAddress: PROVIDER })
      return (await next.answer()) === 200 ? next : null
    })
    await hangUp(call)
  })

  it('begins no more calls a second than it may', async () => {
    await trunkAt({ addresses: [PROVIDER], maxCallsPerSecond: 0.01 })
    const call = sip.call({ sourceAddress: PROVIDER })
    expect(await call.answer()).toBe(200)
    const refused = await sip.call({ sourceAddress: PROVIDER }).line.final
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1'])
    await hangUp(call)
    const headers = { authorization: `Bearer ${sip.world.adminKey}` }
    const metrics = async () => (await fetch(`${sip.world.node.origin}/metrics`, { headers })).text()
    const text = await metrics()
    expect(text).toMatch(/reason="sip_trunk_rate"\} 1/)
    expect(text).toMatch(/reason="sip_trunk_full"\} 6/)
    // The place is free once the leg is cleaned up.
    await until('no call is counted', async () =>
      (await metrics()).includes('precall_trunk_calls_active{trunk="Provider"} 0'),
    )
  })
})

describe('A trunk that we register at', () => {
  let registrar: SipRegistrar
  beforeAll(async () => {
    sip = await SipWorld.begin({ settings: { SIP_TRUNKS: '' }, processes: [{}, {}] })
    registrar = new SipRegistrar(sip.servers.network, USER)
  })
  afterEach(async () => {
    await removeTrunks()
    Object.assign(registrar, { refuses: null, grants: 3_600, atLeast: 0, contact: null })
    registrar.requests.length = 0
  })
  afterAll(async () => {
    registrar.vanish()
    await sip.end()
  })

  const registered = (own: object = {}) =>
    trunkAt({
      server: registrar.address,
      didFrom: 'to',
      optionsSeconds: 5,
      registration: { username: USER.name, password: USER.password },
      ...own,
    })
  const isRegistered = ({ state }: Trunk) => state.registration?.status === 'registered'

  it('is registered with its password, by one of the nodes, and a call comes over it', async () => {
    const { id } = await registered()
    await untilTrunk(id, 'is registered', isRegistered)
    const [first] = registrar.registrations
    expect(first?.headers.get('From')).toMatch(/^<sip:acct-7@127\.0\.0\.1>;tag=/)
    expect(registrar.contact).toMatch(/^sip:acct-7@127\.0\.0\.1:\d+$/)
    const { state } = await untilTrunk(id, 'answers', (trunk) => trunk.state.server !== null)
    expect(state.server).toMatchObject({ isAnswering: true, error: null })
    const to = { To: `<sip:${SERVICE_NUMBER}@provider.example>` }
    // The other node, which may be given the call, knows of the trunk within a second.
    const call = await until('a node takes the call', async () => {
      const next = sip.call({ to: USER.name, headers: to })
      return (await next.answer()) === 200 ? next : null
    })
    expect(await partiesOf(call.sid)).toMatchObject({ to_number: SERVICE_NUMBER })
    await call.hears('the greeting')
    await hangUp(call)
    expect(registrar.registrations.length).toBe(1)
  })

  it('is registered again before its time is over, as the same, and by nobody else', async () => {
    registrar.grants = SHORT_S
    const { id } = await registered()
    await untilTrunk(id, 'is registered', isRegistered)
    await until('it is renewed twice', () => registrar.registrations.length >= 3, undefined, PATIENCE_MS)
    const headers = registrar.registrations.map((request) => request.headers)
    expect(new Set(headers.map((each) => each.get('Call-ID'))).size).toBe(1)
    const numbers = headers.map((each) => Number.parseInt(each.get('CSeq'), 10))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(isRegistered(await api('GET', `/${id}`))).toBe(true)
  })

  it('asks for as long as the registrar wants', async () => {
    registrar.atLeast = 7_200
    const { id } = await registered()
    await untilTrunk(id, 'is registered', isRegistered)
    expect(registrar.registrations.at(-1)?.headers.get('Expires')).toBe('7200')
  })

  it('is told of with what the registrar says when it refuses, and registers once the password is right', async () => {
    const { id } = await registered({ registration: { username: USER.name, password: 'wrong-horse' } })
    const { state } = await untilTrunk(
      id,
      'is refused',
      (trunk) => trunk.state.registration?.status === 'failed',
    )
    expect(state.registration?.error).toBe('the registrar refuses user or password (403 Forbidden)')
    await api('PATCH', `/${id}`, { registration: { username: USER.name, password: USER.password } })
    await untilTrunk(id, 'is registered', isRegistered)
    const said = sip.nodes.map(({ output }) => output).join()
    expect(said).not.toContain('wrong-horse')
    expect(said).not.toContain(USER.password)
  })

  it('is no more registered once it is removed', async () => {
    const { id } = await registered()
    await untilTrunk(id, 'is registered', isRegistered)
    await removeTrunks()
    await until('it is taken back', () => registrar.contact === null)
    expect(registrar.of('REGISTER').at(-1)?.headers.get('Expires')).toBe('0')
  })

  it('is in trouble when its provider is gone, which health says, and well again when that is back', async () => {
    const { id } = await registered()
    await untilTrunk(id, 'answers', ({ state }) => state.server?.isAnswering === true)
    const health = async () => (await (await fetch(`${sip.world.node.origin}/health`)).json()).trunks
    expect(await health()).toBe('ok')
    registrar.vanish()
    const { state } = await untilTrunk(id, 'is silent', (trunk) => trunk.state.server?.isAnswering === false)
    expect(state.server?.failures).toBeGreaterThan(0)
    expect(await health()).toBe('1 of 1 cannot be reached or registered')
    expect((await fetch(`${sip.world.node.origin}/health`)).status).toBe(200)
    registrar.comeBack()
    await untilTrunk(id, 'answers again', (trunk) => trunk.state.server?.isAnswering === true)
    expect(await health()).toBe('ok')
  })

  it('is registered by another node when the one that did it is killed', async () => {
    const { id } = await registered()
    await untilTrunk(id, 'is registered', isRegistered)
    const keeper = await keeperOf(id)
    const before = registrar.registrations.length
    await keeper.kill()
    await until('another registers', () => registrar.registrations.length > before, undefined, PATIENCE_MS)
    expect(await keeperOf(id)).not.toBe(keeper)
    await keeper.start()
    await sip.takesCalls(keeper)
  })

  it('is handed over by a node that stops, and taken back by the last one', async () => {
    const { id } = await registered()
    await untilTrunk(id, 'is registered', isRegistered)
    const [first, second] = sip.nodes as [ServiceProcess, ServiceProcess]
    const keeper = await keeperOf(id)
    const other = keeper === first ? second : first
    await keeper.terminate()
    await until('the other registers', () => registrar.registrations.length > 1, undefined, PATIENCE_MS)
    expect(registrar.contact).not.toBeNull()
    await other.terminate()
    expect(registrar.contact).toBeNull()
    for (const node of [first, second]) await node.start()
    for (const node of [first, second]) await sip.takesCalls(node)
  })

  /** The node that registers the trunk. */
  async function keeperOf(id: string): Promise<ServiceProcess> {
    const sql = `select n.address from trunk_state s join service_node n on n.id = s.node_id where s.trunk_id = $1`
    const [row] = await sip.world.db.query<{ address: string }>(sql, [id])
    const keeper = sip.nodes.find(({ origin }) => origin.split(':').at(-1) === row?.address.split(':').at(-1))
    if (!keeper) throw new Error('No node keeps the trunk.')
    return keeper
  }
})
