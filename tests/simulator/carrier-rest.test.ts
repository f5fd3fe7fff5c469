import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import { createTwilioClient } from '../../src/telephony/twilio/rest.ts'
import { ScriptedCaller } from '../support/scripted-caller.ts'
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  CALLER,
  entriesOf,
  NUMBER,
  type ServiceDouble,
  startServiceDouble,
  startTestCarrier,
  twiml,
  until,
} from './service-double.ts'

let service: ServiceDouble
let carrier: Carrier

beforeEach(async () => {
  service = await startServiceDouble()
  carrier = await startTestCarrier(service)
  service.on('/voice', () => twiml('<Pause length="3600"/>'))
  service.on('/next', () => twiml('<Say>moved</Say><Pause length="3600"/>'))
})

afterEach(async () => {
  await carrier.stop()
  await service.stop()
})

/** Twilio's own client, with the carrier in the place of api.twilio.com. */
function client(authToken = AUTH_TOKEN) {
  return createTwilioClient({ accountSid: ACCOUNT_SID, authToken, apiBaseUrl: carrier.apiBaseUrl })
}

async function answeredCall() {
  const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
  await until(call, 'answered')
  return call
}

describe('calls, through the official SDK', () => {
  test('can be looked at', async () => {
    const call = await answeredCall()
    const seen = await client().calls(call.sid).fetch()
    expect(seen).toMatchObject({ sid: call.sid, status: 'in-progress', from: CALLER, to: NUMBER })
    expect(seen.startTime).toBeInstanceOf(Date)
  })

  test('are moved to a URL at once', async () => {
    const call = await answeredCall()
    const moved = await client()
      .calls(call.sid)
      .update({ url: `${service.origin}/next`, method: 'POST' })
    expect(moved.status).toBe('in-progress')
    await expect.poll(() => service.at('/next').length).toBe(1)
    expect(service.at('/next')[0]).toMatchObject({ isSigned: true, fields: { CallStatus: 'in-progress' } })
    expect(entriesOf(call, 'moved')).toMatchObject([{ to: `${service.origin}/next` }])
  })

  test('are moved to TwiML at once', async () => {
    const call = await answeredCall()
    await client()
      .calls(call.sid)
      .update({ twiml: twiml('<Hangup/>') })
    await call.ended
    expect(entriesOf(call, 'ended')).toMatchObject([{ by: 'service', status: 'completed' }])
  })

  test('hear an application error when that TwiML is none', async () => {
    const call = await answeredCall()
    await client().calls(call.sid).update({ twiml: '<Response><Jump/></Response>' })
    await call.ended
    expect(entriesOf(call, 'error')).toMatchObject([{ code: 12200 }])
  })

  test('are moved out of a stream, which stops, and whose action is not asked', async () => {
    const url = `${service.origin.replace('http', 'ws')}/media`
    service.on('/voice', () => twiml(`<Connect action="/ended"><Stream url="${url}"/></Connect>`))
    const opened = service.nextSocket()
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    const { messages } = await opened
    await client()
      .calls(call.sid)
      .update({ url: `${service.origin}/next` })
    const events: string[] = []
    for (let left = await messages.next(); !left.done; left = await messages.next())
      events.push(left.value.event)
    expect(events.at(-1)).toBe('stop')
    expect(entriesOf(call, 'stream-closed')).toMatchObject([{ by: 'carrier' }])
    await expect.poll(() => service.at('/next').length).toBe(1)
    expect(service.at('/ended')).toEqual([])
  })

  test('are moved while the service still ponders over its answer, which is then not followed', async () => {
    const slow = Promise.withResolvers<string>()
    service.on('/voice', () => slow.promise)
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    await until(call, 'webhook-sent')
    await client()
      .calls(call.sid)
      .update({ url: `${service.origin}/next` })
    await until(call, 'answered')
    slow.resolve(twiml('<Say>too late</Say>'))
    await expect.poll(() => entriesOf(call, 'webhook-answered').length).toBe(2)
    expect(entriesOf(call, 'twiml-received').map(({ url }) => url)).toEqual([`${service.origin}/next`])
  })

  test('are ended, once', async () => {
    const call = await answeredCall()
    const ended = await client().calls(call.sid).update({ status: 'completed' })
    expect(ended.sid).toBe(call.sid)
    await call.ended
    await expect(client().calls(call.sid).update({ status: 'completed' })).rejects.toMatchObject({
      status: 400,
      code: 21220,
    })
    await expect(client().calls(call.sid).update({ url: 'http://x/' })).rejects.toMatchObject({ code: 21220 })
    expect(await client().calls(call.sid).fetch()).toMatchObject({
      status: 'completed',
      duration: expect.any(String),
    })
  })

  test('are cancelled only before they are answered', async () => {
    const call = await answeredCall()
    await expect(client().calls(call.sid).update({ status: 'canceled' })).rejects.toMatchObject({
      code: 21220,
    })
    service.on('/voice', () => new Promise(() => {}))
    const ringing = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    await until(ringing, 'webhook-sent')
    await client().calls(ringing.sid).update({ status: 'canceled' })
    await ringing.ended
    expect(ringing.status).toBe('canceled')
  })

  test.each([
    ['a URL that is none', { url: 'nonsense' }, 21205],
    ['TwiML that is too long', { twiml: 'x'.repeat(4001) }, 21218],
    ['nothing to do', {}, 20001],
  ])('are not changed by %s', async (_, change, code) => {
    const call = await answeredCall()
    await expect(client().calls(call.sid).update(change)).rejects.toMatchObject({ status: 400, code })
    expect(call.status).toBe('in-progress')
  })

  test('are unknown when they are', async () => {
    await expect(
      client()
        .calls(`CA${'0'.repeat(32)}`)
        .fetch(),
    ).rejects.toMatchObject({ status: 404, code: 20404 })
  })
})

describe('the account, through the official SDK', () => {
  test('is shown to who has its token', async () => {
    expect(await client().api.accounts(ACCOUNT_SID).fetch()).toMatchObject({
      sid: ACCOUNT_SID,
      status: 'active',
    })
    await expect(client('wrong').api.accounts(ACCOUNT_SID).fetch()).rejects.toMatchObject({
      status: 401,
      code: 20003,
    })
  })

  test('lists its number, and has its webhooks mended', async () => {
    const [number] = await client().incomingPhoneNumbers.list({ phoneNumber: NUMBER })
    expect(number).toMatchObject({
      phoneNumber: NUMBER,
      voiceUrl: `${service.origin}/voice`,
      statusCallback: '',
    })
    expect(await client().incomingPhoneNumbers.list({ phoneNumber: '+15559999999' })).toEqual([])
    const webhooks = {
      voiceUrl: `${service.origin}/new`,
      voiceMethod: 'POST',
      statusCallback: `${service.origin}/over`,
    }
    const mended = await client()
      .incomingPhoneNumbers(number?.sid ?? '')
      .update(webhooks)
    expect(mended).toMatchObject(webhooks)
    service.on('/new', () => twiml(''))
    await carrier.call({ from: CALLER, caller: new ScriptedCaller() }).ended
    expect(service.received.map(({ path }) => path)).toEqual(['/new', '/over'])
  })

  test('does not take a webhook that is no URL', async () => {
    const update = client().incomingPhoneNumbers(carrier.number.sid).update({ voiceUrl: 'here' })
    await expect(update).rejects.toMatchObject({ code: 21502 })
    expect(carrier.number.voiceUrl).toBe(`${service.origin}/voice`)
  })

  test('refuses everything when it is told to', async () => {
    carrier.faults.refuseRest = 429
    await expect(client().api.accounts(ACCOUNT_SID).fetch()).rejects.toMatchObject({
      status: 429,
      code: 20429,
    })
    carrier.faults.refuseRest = null
    await client().api.accounts(ACCOUNT_SID).fetch()
  })

  test('answers what it does not know with 404, a wrong method with 405 and a flood with 413', async () => {
    const headers = { Authorization: `Basic ${btoa(`${ACCOUNT_SID}:${AUTH_TOKEN}`)}` }
    const account = `${carrier.apiBaseUrl}/2010-04-01/Accounts/${ACCOUNT_SID}`
    expect((await fetch(`${account}/Messages.json`, { headers })).status).toBe(404)
    expect((await fetch(`${account}.json`, { headers, method: 'POST' })).status).toBe(405)
    const body = 'x'.repeat(70_000)
    expect((await fetch(`${account}.json`, { headers, method: 'POST', body })).status).toBe(413)
  })
})
