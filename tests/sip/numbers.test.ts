import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SipWorld } from '../support/sip-world.ts'

const AGENT = 'agent_berlin'
const NUMBER = '+4930901820'

describe('A number that has an agent of its own', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
    const { agents } = sip.world.vendor
    for (const agent of agents.values()) agents.set(AGENT, { ...agent, agent_id: AGENT })
    const agent = { name: 'Berlin', vendorAgentId: AGENT, numbers: [NUMBER, 'support'] }
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(agent)
    const response = await sip.world.admin('/agents', { method: 'POST', headers, body })
    expect(response.status, await response.clone().text()).toBe(201)
  })
  afterAll(() => sip.end())

  it.each([NUMBER, NUMBER.slice(1), '004930901820', '%2B4930901820', '+49-30-90.18(20)', 'support'])(
    'is answered by it, also when a trunk writes %s',
    async (to) => {
      const call = await sip.call({ to }).reaches('bridged.talking')
      expect((await call.conversation(1)).agentId).toBe(AGENT)
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
    },
  )

  it('and every other number by the default one', async () => {
    const call = await sip.call({ to: '5000' }).reaches('bridged.talking')
    expect((await call.conversation(1)).agentId).not.toBe(AGENT)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('With a default country, and numbers that are answered', () => {
  let sip: SipWorld
  beforeAll(async () => {
    const settings = { DEFAULT_COUNTRY: 'us', SIP_NUMBERS: '15550009999, (555) 000-8888' }
    sip = await SipWorld.begin({ settings })
  })
  afterAll(() => sip.end())

  it.each(['+15550009999', '15550009999', '5550009999', '+15550008888'])(
    'a call to %s is taken, and its caller known by one number',
    async (to) => {
      const call = await sip.call({ to, from: '5550040001' }).reaches('bridged.talking')
      const numbers = 'select from_number, to_number from call_log where provider_call_id = $1'
      const called = to.endsWith('8888') ? '+15550008888' : '+15550009999'
      expect(await sip.world.db.query(numbers, [call.sid])).toEqual([
        { from_number: '+15550040001', to_number: called },
      ])
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
    },
  )

  it('a call to another number is not', async () => {
    expect(await sip.call({ to: '+15550007777' }).answer()).toBe(404)
  })
})
