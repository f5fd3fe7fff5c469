import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { liveChannels } from '../support/live-channels.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'
import { SERVICE_NUMBER } from '../support/world.ts'

const ALICE = { username: 'alice', password: 'correct horse' }
/** All of 127.0.0.0/8 is this machine, so real servers can be called from each of them. */
const TRUNK_RANGE = '127.1.0.0/16'
const TRUNK = '127.1.0.9'
const STRANGER = '127.66.6.6'

/** What knocks on every SIP port within minutes, as its tools send it. */
const SCANNERS = [
  { from: '100', to: '100', headers: { 'User-Agent': 'friendly-scanner' } },
  { from: 'sipvicious', to: '00972592000000' },
  { from: '1001', to: '9011442071838000', headers: { 'User-Agent': 'pplsip' } },
]

describe('Who may call', () => {
  let sip: SipWorld
  beforeAll(async () => {
    const settings = {
      SIP_TRUNKS: TRUNK_RANGE,
      SIP_USERS: 'alice:correct-horse,bob=+15550100999:correct-horse',
    }
    sip = await SipWorld.begin({ settings: { ...settings, SIP_NUMBERS: `${SERVICE_NUMBER},support` } })
  })
  afterAll(() => sip.end())

  const password = ALICE.password.replace(' ', '-')
  const calls = async () =>
    Number((await sip.world.db.query<{ n: string }>('select count(*) as n from call_log'))[0]?.n)

  it('a trunk, by its address', async () => {
    const call = sip.call({ sourceAddress: TRUNK })
    expect(await call.answer()).toBe(200)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('a user with the password, from anywhere', async () => {
    const call = sip.call({ sourceAddress: STRANGER, credentials: { ...ALICE, password } })
    expect(await call.answer()).toBe(200)
    expect(call.line.responses.map(({ status }) => status)).toContain(407)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it.each([
    ['without a password', undefined],
    ['with a wrong one', { username: 'alice', password: 'wrong' }],
    ['as somebody else', { username: 'bob', password: 'x' }],
  ])('nobody else: %s it is 407, and nothing was done for it', async (_, credentials) => {
    const before = await calls()
    const call = sip.call({ sourceAddress: STRANGER, credentials })
    expect(await call.answer()).toBe(407)
    expect(await calls()).toBe(before)
    // Those of the calls before may still be on their way out.
    await until('no channel is there', async () => (await liveChannels(sip)) === 0)
  })

  it.each(SCANNERS)('no scanner: $from to $to', async (scanner) => {
    const before = await calls()
    // drachtio-server knows some by their User-Agent.
    expect([407, 603]).toContain(await sip.call({ sourceAddress: STRANGER, ...scanner }).answer())
    expect(await calls()).toBe(before)
  })

  it('nobody may ask whether we are there but a trunk', async () => {
    const { phone } = sip.servers
    expect((await phone.request('OPTIONS', { sourceAddress: TRUNK })).status).toBe(200)
    expect((await phone.request('OPTIONS', { sourceAddress: STRANGER })).status).toBe(403)
  })

  it('only numbers of ours are answered, in whatever form a trunk writes them', async () => {
    const from = '+15550100777'
    expect(await sip.call({ sourceAddress: TRUNK, to: '+15550142' }).answer()).toBe(404)
    const call = sip.call({ sourceAddress: TRUNK, from, to: SERVICE_NUMBER.slice(1) })
    expect(await call.answer()).toBe(200)
    const [row] = await sip.world.db.query(
      'select from_number, to_number from call_log where provider_call_id = $1',
      [call.sid],
    )
    expect(row).toEqual({ from_number: from, to_number: SERVICE_NUMBER })
    await call.line.bye()
    await call.outcome()
  })

  it('who calls is whom the trunk asserts', async () => {
    const call = sip.call({
      sourceAddress: TRUNK,
      from: 'anonymous',
      headers: { 'P-Asserted-Identity': '<sip:+15550100888@trunk.example.com>' },
    })
    expect(await call.answer()).toBe(200)
    const sql = 'select from_number from call_log where provider_call_id = $1'
    expect(await sip.world.db.query(sql, [call.sid])).toEqual([{ from_number: '+15550100888' }])
    await call.line.bye()
    await call.outcome()
  })

  it.each([
    ['whose number is known, calls from it', 'bob', '+15550100999'],
    ['without a number is nobody', 'alice', 'anonymous'],
  ])('a user %s, whatever the phone says', async (_, username, expected) => {
    const headers = { 'P-Asserted-Identity': '<sip:+15550100888@trunk.example.com>' }
    const credentials = { username, password }
    const call = sip.call({ sourceAddress: STRANGER, from: '+15550100777', headers, credentials })
    expect(await call.answer()).toBe(200)
    const sql = 'select from_number from call_log where provider_call_id = $1'
    expect(await sip.world.db.query(sql, [call.sid])).toEqual([{ from_number: expected }])
    await call.line.bye()
    await call.outcome()
  })

  it.each([
    ['P-Asserted-Identity', '<tel:+15550100888>'],
    ['Remote-Party-ID', '"Ann" <sip:+15550100888@trunk.example.com>;party=calling'],
  ])('a trunk says who calls in %s, and not in where the call was before', async (name, value) => {
    const headers = {
      [name]: value,
      Diversion: '<sip:+15550100111@x>',
      'History-Info': '<sip:+15550100222@x>;index=1',
    }
    const call = sip.call({ sourceAddress: TRUNK, from: '+15550100777', headers })
    expect(await call.answer()).toBe(200)
    const sql = 'select from_number from call_log where provider_call_id = $1'
    expect(await sip.world.db.query(sql, [call.sid])).toEqual([{ from_number: '+15550100888' }])
    await call.line.bye()
    await call.outcome()
  })

  it('what is refused is counted by its reason', async () => {
    const metrics = await fetch(`${sip.world.node.origin}/metrics`, {
      headers: { authorization: `Bearer ${sip.world.adminKey}` },
    })
    const text = await metrics.text()
    expect(text).toMatch(/reason="sip_forbidden"\} 1/)
    expect(text).toMatch(/reason="sip_challenged"\} [1-9]/)
    expect(text).toMatch(/reason="sip_wrong_password"\} 2/)
    expect(text).toMatch(/reason="sip_unknown_number"\} 1/)
    expect(text).toMatch(
      /precall_calls_total\{provider="sip",direction="inbound",outcome="caller_hung_up"\} [1-9]/,
    )
  })
  it('and told of in the log, once for each address and reason, without a number', () => {
    const told = sip.world.node.output.split('\n').filter((line) => line.includes('were refused'))
    const refusals = told.map((line) => JSON.parse(line)).map(({ address, reason }) => [address, reason])
    expect(refusals).toEqual([
      [STRANGER, 'sip_wrong_password'],
      [STRANGER, 'sip_forbidden'],
      [TRUNK, 'sip_unknown_number'],
    ])
    expect(told.join()).not.toContain('5550142')
  })
})
