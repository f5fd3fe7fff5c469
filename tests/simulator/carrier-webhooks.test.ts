import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import { ScriptedCaller } from '../support/scripted-caller.ts'
import {
  ACCOUNT_SID,
  type Answer,
  CALLER,
  entriesOf,
  NUMBER,
  type ServiceDouble,
  startServiceDouble,
  startTestCarrier,
  twiml,
  typesOf,
  until,
} from './service-double.ts'

let service: ServiceDouble
let carrier: Carrier

beforeEach(async () => {
  service = await startServiceDouble()
  carrier = await startTestCarrier(service, { statusCallbackUrl: `${service.origin}/call-status` })
  service.on('/call-status', () => ({ status: 204, type: 'text/plain' }))
})

afterEach(async () => {
  await carrier.stop()
  await service.stop()
})

function dial(from = CALLER) {
  const caller = new ScriptedCaller()
  return { caller, call: carrier.call({ from, caller }) }
}

describe('the carrier asks the service', () => {
  test('with the fields of an incoming call, signed as Twilio signs', async () => {
    service.on('/voice', () => twiml('<Hangup/>'))
    const { call } = dial()
    await call.ended
    const [request] = service.at('/voice')
    expect(request).toMatchObject({ method: 'POST', isSigned: true })
    expect(request?.headers['content-type']).toMatch('application/x-www-form-urlencoded')
    expect(request?.headers['i-twilio-idempotency-token']).toMatch(/^[\da-f-]{36}$/)
    expect(request?.fields).toMatchObject({
      CallSid: call.sid,
      AccountSid: ACCOUNT_SID,
      From: CALLER,
      To: NUMBER,
      CallStatus: 'ringing',
      Direction: 'inbound',
      ApiVersion: '2010-04-01',
    })
    expect(call.sid).toMatch(/^CA[\da-f]{32}$/)
  })

  test('again after a <Redirect>, relative or absolute, by POST or by GET', async () => {
    service.on('/voice', () => twiml('<Pause length="0"/><Redirect>poll/one?x=1&amp;y=2</Redirect>'))
    service.on('/poll/one', () =>
      twiml(`<Redirect method="GET">${service.origin}/two?z=a%20b</Redirect><Say>never</Say>`),
    )
    service.on('/two', () => twiml('<Hangup/>'))
    const { call } = dial('anonymous')
    await call.ended
    expect(service.received.map(({ path, method }) => `${method} ${path}`)).toEqual([
      'POST /voice',
      'POST /poll/one',
      'GET /two',
      'POST /call-status',
    ])
    expect(service.received.every(({ isSigned }) => isSigned)).toBe(true)
    expect(service.at('/two')[0]?.fields).toMatchObject({
      z: 'a b',
      From: 'anonymous',
      CallStatus: 'in-progress',
    })
  })

  test('never sending the fragment in which Twilio keeps its own settings', async () => {
    carrier.number.voiceUrl = `${service.origin}/voice#rc=2`
    service.on('/voice', () => twiml(''))
    const { call } = dial()
    await call.ended
    expect(service.at('/voice')[0]?.isSigned).toBe(true)
  })

  test('and says at the end how the call went', async () => {
    service.on('/voice', () => twiml('<Pause length="3"/>'))
    const { call } = dial()
    await call.ended
    const [callback] = service.at('/call-status')
    expect(callback?.isSigned).toBe(true)
    expect(callback?.fields).toMatchObject({
      CallSid: call.sid,
      CallStatus: 'completed',
      CallDuration: '3',
      Duration: '1',
      SequenceNumber: '0',
      CallbackSource: 'call-progress-events',
      Timestamp: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000$/),
    })
    expect(typesOf(call)).toEqual([
      'dialed',
      'webhook-sent',
      'webhook-answered',
      'twiml-received',
      'verb-started',
      'answered',
      'ended',
      'webhook-sent',
      'webhook-answered',
    ])
  })

  test('warns when the status callback fails, and the call is over all the same', async () => {
    service.on('/voice', () => twiml(''))
    service.on('/call-status', () => ({ status: 500 }))
    const { call } = dial()
    await call.ended
    expect(entriesOf(call, 'warning')).toMatchObject([{ code: 15003 }])
    expect(call.status).toBe('completed')
  })
})

describe('the caller hears an application error', () => {
  const faults: [string, Answer, number | null][] = [
    ['an HTTP error', { status: 500, body: twiml('<Say>hi</Say>') }, 11200],
    ['HTML', { type: 'text/html', body: '<html></html>' }, 12300],
    ['broken XML', { body: '<Response><Say></Response>' }, 12100],
    ['another root', { body: '<Answer/>' }, 12102],
    ['an unknown verb', { body: twiml('<Shout>hi</Shout>') }, 12200],
    ['a verb that is not performed', { body: twiml('<Dial>+1555</Dial>') }, null],
    ['a document without end', { body: twiml(`<Say>${'a'.repeat(70_000)}</Say>`) }, 11750],
    ['a relative URL to nowhere', { body: twiml('<Play>ftp://x</Play>') }, 11100],
    ['a Play that is not there', { body: twiml('<Play>/nothing</Play>') }, 11200],
  ]
  test.each(faults)('after %s', async (_, answer, code) => {
    service.on('/voice', () => answer)
    const { call, caller } = dial()
    await call.ended
    expect(entriesOf(call, 'error')).toMatchObject([{ code }])
    expect(entriesOf(call, 'ended')).toMatchObject([{ status: 'completed', by: 'carrier' }])
    expect(caller.heard.some((byte) => byte !== 0xff)).toBe(true)
  })

  test('when nobody listens, after one more try', async () => {
    carrier.number.voiceUrl = 'http://127.0.0.1:1/voice'
    const { call } = dial()
    await call.ended
    expect(entriesOf(call, 'error')).toMatchObject([{ code: 11205 }])
  })

  test('when the number has no URL', async () => {
    carrier.number.voiceUrl = ''
    const { call } = dial()
    await call.ended
    expect(entriesOf(call, 'error')[0]?.message).toMatch(/No Voice URL/)
  })
})

describe('a number with a fallback URL', () => {
  beforeEach(() => {
    carrier.number.voiceFallbackUrl = `${service.origin}/fallback`
  })

  test('asks it what comes next when the webhook fails, and says what failed', async () => {
    service.on('/voice', () => ({ status: 502, body: '' }))
    service.on('/fallback', () => twiml('<Pause length="0"/><Redirect>/poll</Redirect>'))
    service.on('/poll', () => twiml('<Hangup/>'))
    const { call } = dial()
    await call.ended
    const failed = { ErrorCode: '11200', ErrorUrl: `${service.origin}/voice` }
    expect(service.at('/fallback')).toMatchObject([
      { isSigned: true, fields: { CallSid: call.sid, ...failed } },
    ])
    expect(service.at('/poll')[0]?.fields).not.toHaveProperty('ErrorCode')
    expect(entriesOf(call, 'error')).toEqual([])
    expect(entriesOf(call, 'ended')).toMatchObject([{ by: 'service' }])
  })

  test('asks it for each webhook that fails, in the middle of a call too', async () => {
    service.on('/voice', () => twiml('<Redirect>/poll</Redirect>'))
    service.on('/poll', () => ({ status: 500, body: '' }))
    let asked = 0
    service.on('/fallback', () => twiml(++asked === 2 ? '<Hangup/>' : '<Redirect>/poll</Redirect>'))
    const { call } = dial()
    await call.ended
    expect(service.at('/fallback')).toHaveLength(2)
    expect(entriesOf(call, 'ended')).toMatchObject([{ by: 'service' }])
  })

  test('apologizes when that fails, too', async () => {
    service.on('/voice', () => ({ status: 502, body: '' }))
    service.on('/fallback', () => ({ status: 502, body: '' }))
    const { call } = dial()
    await call.ended
    expect(service.at('/fallback')).toHaveLength(1)
    expect(entriesOf(call, 'ended')).toMatchObject([{ by: 'carrier' }])
  })
})

describe('faults on demand', () => {
  test('a lost answer brings the webhook again, with the same token', async () => {
    service.on('/voice', () => twiml('<Hangup/>'))
    carrier.faults.loseNextResponse = true
    const { call } = dial()
    await call.ended
    const tokens = service.at('/voice').map(({ headers }) => headers['i-twilio-idempotency-token'])
    expect(tokens.length).toBe(2)
    expect(tokens[0]).toBe(tokens[1])
    expect(entriesOf(call, 'webhook-answered').map(({ lost }) => lost)).toEqual([true, false, false])
  })

  test('repeated webhooks are the same request twice', async () => {
    service.on('/voice', () => twiml('<Hangup/>'))
    carrier.faults.repeatWebhooks = true
    const { call } = dial()
    await call.ended
    const [first, second, ...more] = service.at('/voice')
    expect(more).toEqual([])
    expect(second?.fields).toEqual(first?.fields)
    expect(second?.headers['x-twilio-signature']).toEqual(first?.headers['x-twilio-signature'])
  })

  test('withheld polls are not sent until they are released', async () => {
    service.on('/voice', () => twiml('<Pause length="0"/><Redirect>/poll</Redirect>'))
    service.on('/poll', () => twiml('<Hangup/>'))
    carrier.faults.withholdPolls = true
    const { call } = dial()
    await until(call, 'twiml-received')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(service.at('/poll')).toEqual([])
    carrier.faults.withholdPolls = false
    await call.ended
    expect(service.at('/poll').length).toBe(1)
  })

  test('no status callbacks', async () => {
    service.on('/voice', () => twiml(''))
    carrier.faults.noStatusCallbacks = true
    await dial().call.ended
    expect(service.at('/call-status')).toEqual([])
  })
})

describe('stopping the carrier', () => {
  test('ends calls that wait for an answer, and takes no new ones', async () => {
    service.on('/voice', () => new Promise(() => {}))
    const { call } = dial()
    await carrier.stop()
    await call.ended
    expect(call.status).toBe('failed')
    expect(() => dial()).toThrow(/has been stopped/)
  })

  test('tells the console what happens on every call until it is told to stop', async () => {
    service.on('/voice', () => twiml(''))
    const seen: string[] = []
    const off = carrier.onTimeline(({ callSid, type }) => seen.push(`${callSid} ${type}`))
    const { call } = dial()
    await call.ended
    off()
    await dial().call.ended
    expect(seen[0]).toBe(`${call.sid} dialed`)
    expect(new Set(seen.map((line) => line.split(' ')[0]))).toEqual(new Set([call.sid]))
  })
})
