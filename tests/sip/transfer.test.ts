import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { loudest, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

const COLLEAGUE = '+15550142999'
const PHONE = { sourceAddress: '127.0.0.9', credentials: { username: 'ann', password: 'correct-horse' } }

describe('A caller’s PBX that puts the call through to somebody else', () => {
  let sip: SipWorld
  beforeAll(async () => {
    const settings = {
      SIP_TRUNKS: '127.0.0.1/32',
      SIP_USERS: 'ann:correct-horse',
      SIP_TRANSFER_NUMBERS: COLLEAGUE,
    }
    sip = await SipWorld.begin({ settings })
  })
  afterAll(() => sip.end())

  const sipfrags = (call: { requests: { method: string; body: string }[] }) =>
    call.requests.filter(({ method }) => method === 'NOTIFY').map(({ body }) => body.trim())

  it('leaves the agent with them, and ends with them', async () => {
    const colleague = sip.servers.phone.answering()
    const call = sip.call()
    await call.reaches('bridged.talking')
    const ringing = colleague.nextCall()
    expect((await call.line.refer(`sip:${COLLEAGUE}@${colleague.address};maddr=198.51.100.7`)).status).toBe(
      202,
    )
    const theirs = await ringing
    await call.line.ended
    expect(sipfrags(call.line)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 200 OK'])
    expect(await call.state()).toBe('bridged.talking')
    theirs.voice.press('5#')
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
    expect((await call.line.refer(`sip:${COLLEAGUE}@${colleague.address}`)).status).toBe(202)
    await until('the PBX is told', () => sipfrags(call.line).length === 2)
    expect(sipfrags(call.line)[1]).toContain('SIP/2.0 486')
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('keeps the caller when they speak no codec of the call, and says goodbye to them', async () => {
    const colleague = sip.servers.phone.answering()
    colleague.codecs = ['telephone-event']
    const call = sip.call()
    await call.reaches('bridged.talking')
    const ringing = colleague.nextCall()
    expect((await call.line.refer(`sip:${COLLEAGUE}@${colleague.address}`)).status).toBe(202)
    const theirs = await ringing
    await until('the PBX is told', () => sipfrags(call.line).length === 2)
    expect(sipfrags(call.line)[1]).toContain('Failed')
    expect((await theirs.ended).by).toBe('service')
    colleague.close()
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it.each([
    ['a number that is not listed', {}, `sip:+19005550100@127.0.0.1:5999`],
    ['a host that is no trunk', {}, `sip:${COLLEAGUE}@198.51.100.7`],
    ['anybody, by the phone of a user', PHONE, `sip:${COLLEAGUE}@127.0.0.1:5999`],
  ])('is refused %s, and the call goes on', async (_, from, target) => {
    const call = sip.call(from)
    await call.reaches('bridged.talking')
    expect((await call.line.refer(target)).status).toBe(403)
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it.skipIf(REAL_SERVERS)('is refused an address without TLS where the audio is encrypted', async () => {
    const colleague = sip.servers.phone.answering()
    const call = sip.call({ encryption: 'sdes' })
    await call.reaches('bridged.talking')
    const { status, headers } = await call.line.refer(`sip:${COLLEAGUE}@${colleague.address}`)
    expect([status, headers.get('Warning')]).toEqual([488, expect.stringContaining('over TLS')])
    const ringing = colleague.nextCall()
    const overTls = `sip:${COLLEAGUE}@${colleague.address};transport=tls`
    expect((await call.line.refer(overTls)).status).toBe(202)
    const theirs = await ringing
    await call.line.ended
    await theirs.bye()
    colleague.close()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('cannot have a header of its own put into the call to them', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const target = `sip:${COLLEAGUE}@127.0.0.1:5999?Replaces=a%0D%0AX-Evil%3A%20b`
    expect((await call.line.refer(target)).status).toBe(400)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
