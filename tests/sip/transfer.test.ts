import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loudest, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

describe('A caller’s PBX that puts the call through to somebody else', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  const sipfrags = (call: { requests: { method: string; body: string }[] }) =>
    call.requests.filter(({ method }) => method === 'NOTIFY').map(({ body }) => body.trim())

  it('leaves the agent with them, and ends with them', async () => {
    const colleague = sip.servers.phone.answering()
    const call = sip.call()
    await call.reaches('bridged.talking')
    const ringing = colleague.nextCall()
    expect((await call.line.refer(`sip:colleague@${colleague.address}`)).status).toBe(202)
    const theirs = await ringing
    await call.line.ended
    expect(sipfrags(call.line)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 200 OK'])
    expect(await call.state()).toBe('bridged.talking')
    await until('they hear the agent', () => loudest(theirs.voice.heard) > 500, undefined, 30_000)
    await theirs.bye()
    colleague.close()
    expect(await call.outcome()).toBe('caller_hung_up')
    expect(await call.conversations()).toHaveLength(1)
  })

  it('keeps the caller when they do not answer', async () => {
    const colleague = sip.servers.phone.answering()
    colleague.refuses = 486
    const call = sip.call()
    await call.reaches('bridged.talking')
    expect((await call.line.refer(`sip:colleague@${colleague.address}`)).status).toBe(202)
    await until('the PBX is told', () => sipfrags(call.line).length === 2)
    expect(sipfrags(call.line)[1]).toContain('SIP/2.0 486')
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
