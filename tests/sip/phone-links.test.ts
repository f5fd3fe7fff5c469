import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'
import { SERVICE_NUMBER } from '../support/world.ts'

/** All of 127.0.0.0/8 is this machine, so real servers can be called from each of them. */
const HOME = '127.77.7.7'
const OTHER_NUMBER = '+19005550199'
const CALLER = '+15550100777'

type Link = { id: string; url: string }
type Credentials = { user: string; password: string }
type ListedLink = { id: string; status: string; callId: string | null }

describe('A phone link', () => {
  let sip: SipWorld
  beforeAll(async () => {
    const settings = { SIP_TRUNKS: '127.1.0.0/16', SIP_NUMBERS: '+15550100001' }
    sip = await SipWorld.begin({ settings: { ...settings, SIP_WSS_URL: 'ws://127.0.0.1:9' } })
  })
  afterAll(() => sip.end())

  const post = (path: string, body: object) =>
    fetch(sip.world.node.origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${sip.world.adminKey}` },
      body: JSON.stringify(body),
    })

  async function makeLink(draft: object = {}): Promise<Link & { token: string }> {
    const response = await post('/api/v1/phone-links', { to: SERVICE_NUMBER, ...draft })
    const link = (await response.json()) as Link
    return { ...link, token: new URL(link.url).hash.slice(1) }
  }

  async function credentialsOf(token: string) {
    const response = await post('/phone/credentials', { token })
    const { user: username, password } = (await response.json()) as Credentials
    return { username, password }
  }

  const listed = async (id: string) => {
    const headers = { authorization: `Bearer ${sip.world.adminKey}` }
    const response = await fetch(`${sip.world.node.origin}/api/v1/phone-links`, { headers })
    return ((await response.json()) as { links: ListedLink[] }).links.find((link) => link.id === id)
  }

  const numbersOf = async (providerCallId: string) => {
    const sql = 'select from_number as "from", to_number as "to" from call_log where provider_call_id = $1'
    return (await sip.world.db.query<{ from: string; to: string }>(sql, [providerCallId]))[0]
  }

  it('lets its holder call whom it names, whatever they dial and say of themselves', async () => {
    const { id, token } = await makeLink()
    const headers = { 'P-Asserted-Identity': '<sip:+15550100888@trunk.example.com>' }
    const credentials = await credentialsOf(token)
    const call = sip.call({ sourceAddress: HOME, to: OTHER_NUMBER, from: CALLER, headers, credentials })
    expect(await call.answer()).toBe(200)
    expect(await numbersOf(call.sid)).toEqual({ from: 'anonymous', to: SERVICE_NUMBER })
    await call.hears('the greeting')
    await call.line.bye()
    await call.outcome()
    expect(await listed(id)).toMatchObject({ status: 'used', callId: (await call.row())?.id })
  })

  it('gives the call the number that the operator set', async () => {
    const { token } = await makeLink({ callerNumber: CALLER })
    const call = sip.call({ sourceAddress: HOME, credentials: await credentialsOf(token) })
    expect(await call.answer()).toBe(200)
    expect(await numbersOf(call.sid)).toEqual({ from: CALLER, to: SERVICE_NUMBER })
    await call.line.bye()
    await call.outcome()
  })

  it('leads to its agent, who needs no number', async () => {
    const agent = (await (await post('/api/v1/agents', { name: 'Web desk' })).json()) as { id: string }
    const { token } = await makeLink({ to: null, agentId: agent.id })
    const call = sip.call({ sourceAddress: HOME, credentials: await credentialsOf(token) })
    expect(await call.answer()).toBe(200)
    const [row] = await sip.world.db.query<{ agent: string }>(
      'select agent_id as agent from call_log where provider_call_id = $1',
      [call.sid],
    )
    expect(row?.agent).toBe(agent.id)
    await call.line.bye()
    await call.outcome()
  })

  it('tells its page how far the call is', async () => {
    const { token } = await makeLink()
    const call = sip.call({ sourceAddress: HOME, credentials: await credentialsOf(token) })
    expect(await call.answer()).toBe(200)
    const told = () =>
      call.line.requests
        .filter(({ method }) => method === 'INFO')
        .map(({ body }) => (JSON.parse(body) as { state: string }).state)
    await until(
      'the page knows that the caller talks',
      async () => told().includes('bridged'),
      () => told().join(),
    )
    expect(told().toSpliced(0, told().indexOf('joining'))).toEqual(['joining', 'bridged'])
    expect(new Set(told()).size).toBe(told().length)
    await call.line.bye()
    await call.outcome()
  })

  it('is used up by its call: the same password again is refused, and the page gets no other', async () => {
    const { token } = await makeLink()
    const credentials = await credentialsOf(token)
    const calls = [1, 2].map(() => sip.call({ sourceAddress: HOME, credentials }))
    const answers = await Promise.all(calls.map((call) => call.answer()))
    expect(answers.filter((status) => status === 200)).toHaveLength(1)
    expect(answers.filter((status) => status === 403 || status === 407)).toHaveLength(1)
    expect((await post('/phone/credentials', { token })).status).toBe(410)
    const taken = calls[answers.indexOf(200)]
    await taken?.line.bye()
    await taken?.outcome()
    const late = sip.call({ sourceAddress: HOME, credentials })
    expect(await late.answer()).toBe(407)
  })

  it('is as good as before when its call was not taken', async () => {
    const { id, token } = await makeLink()
    const credentials = await credentialsOf(token)
    const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n'
    const refused = sip.call({ sourceAddress: HOME, credentials, sdp: `${sdp}m=video 4000 RTP/AVP 96\r\n` })
    expect(await refused.answer()).toBe(488)
    await until('the link is given back', async () => (await listed(id))?.status === 'waiting')
    const call = sip.call({ sourceAddress: HOME, credentials: await credentialsOf(token) })
    expect(await call.answer()).toBe(200)
    await call.line.bye()
    await call.outcome()
  })

  it('may not put its call through to anybody', async () => {
    const { token } = await makeLink()
    const call = sip.call({ sourceAddress: HOME, credentials: await credentialsOf(token) })
    expect(await call.answer()).toBe(200)
    const headers = { 'Refer-To': `<sip:${OTHER_NUMBER}@127.1.0.9>` }
    expect((await call.line.request('REFER', { headers })).status).toBe(403)
    await call.line.bye()
    await call.outcome()
  })
})
