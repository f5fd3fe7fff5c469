import { createServer, type RequestListener } from 'node:http'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import { ScriptedCaller } from '../../src/simulator/carrier/scripted-caller.ts'
import { checkTwilioAccount, createTwilioClient, twilioTelephony } from '../../src/telephony/twilio/rest.ts'
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  CALLER,
  type ServiceDouble,
  startServiceDouble,
  startTestCarrier,
  twiml,
  until,
} from '../simulator/service-double.ts'
import { closeHard, listenHere } from '../support/loopback.ts'

let service: ServiceDouble
let carrier: Carrier

beforeEach(async () => {
  service = await startServiceDouble()
  carrier = await startTestCarrier(service)
  service.on('/voice', () => twiml('<Pause length="3600"/>'))
  service.on('/webhooks/status-callback', () => twiml('<Pause length="3600"/>'))
})
afterEach(async () => {
  await carrier.stop()
  await service.stop()
})

const telephony = (apiBaseUrl = carrier.apiBaseUrl, authToken = AUTH_TOKEN) =>
  twilioTelephony(createTwilioClient({ accountSid: ACCOUNT_SID, authToken, apiBaseUrl }))

const addressOf = (providerCallId: string) => ({
  callId: '0190a0a0-0000-7000-8000-000000000000',
  providerCallId,
  publicOrigin: service.origin,
})

async function answeredCall() {
  const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
  await until(call, 'answered')
  return call
}

/** A stranger in the place of Twilio's API; returns its origin. */
async function apiThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers)
  const origin = await listenHere(server)
  onTestFinished(() => closeHard(server))
  return origin
}

describe('a live leg', () => {
  test('is moved: it asks at once what comes next', async () => {
    const call = await answeredCall()
    await telephony().moveLeg(addressOf(call.sid))
    await expect.poll(() => service.at('/webhooks/status-callback')).toHaveLength(1)
    expect(service.at('/webhooks/status-callback')[0]).toMatchObject({
      method: 'POST',
      isSigned: true,
      fields: { CallSid: call.sid, CallStatus: 'in-progress' },
    })
  })

  test('is hung up', async () => {
    const call = await answeredCall()
    await telephony().hangUp(addressOf(call.sid))
    await call.ended
    expect(call.status).toBe('completed')
  })

  test('may be told the same twice', async () => {
    const call = await answeredCall()
    const { moveLeg, hangUp } = telephony()
    await moveLeg(addressOf(call.sid))
    await moveLeg(addressOf(call.sid))
    await hangUp(addressOf(call.sid))
    await hangUp(addressOf(call.sid))
    await call.ended
  })
})

describe.each(['moveLeg', 'hangUp'] as const)('%s', (order) => {
  test('has nothing to do when the call is over', async () => {
    const call = await answeredCall()
    call.hangUp()
    await call.ended
    await expect(telephony()[order](addressOf(call.sid))).resolves.toBeUndefined()
  })

  test('has nothing to do when Twilio does not know the call', async () => {
    await expect(telephony()[order](addressOf(`CA${'0'.repeat(32)}`))).resolves.toBeUndefined()
  })

  test('fails when the credentials are wrong, and says so', async () => {
    const { sid } = await answeredCall()
    await expect(telephony(carrier.apiBaseUrl, 'wrong')[order](addressOf(sid))).rejects.toMatchObject({
      status: 401,
      code: 20003,
    })
  })

  test.each([500, 503, 429])('fails when the API answers %i: whoever asked may try again', async (status) => {
    const { sid } = await answeredCall()
    carrier.faults.refuseRest = status
    await expect(telephony()[order](addressOf(sid))).rejects.toMatchObject({ status })
  })

  test('fails when a broken proxy answers with a page', async () => {
    const origin = await apiThat((_, response) => {
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>502 Bad Gateway</h1>')
    })
    await expect(telephony(origin)[order](addressOf('CA1'))).rejects.toMatchObject({ status: 502 })
  })

  test('fails when nobody listens', async () => {
    await expect(telephony('http://127.0.0.1:1')[order](addressOf('CA1'))).rejects.toThrow()
  })
})

test('an API that never answers, or never ends its answer, is given up in time', async () => {
  const silent = await apiThat(() => {})
  const endless = await apiThat((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"sid":')
  })
  const began = performance.now()
  const hasty = (apiBaseUrl: string) =>
    twilioTelephony(createTwilioClient({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, apiBaseUrl }, 300))
  const given = await Promise.allSettled(
    [silent, endless].map((origin) => hasty(origin).moveLeg(addressOf('CA1'))),
  )
  expect(given.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(performance.now() - began).toBeLessThan(2_000)
})

describe('the API, asked whether it is there,', () => {
  const ask = (apiBaseUrl: string, authToken = AUTH_TOKEN) =>
    checkTwilioAccount(
      createTwilioClient({ accountSid: ACCOUNT_SID, authToken, apiBaseUrl }, 300),
      ACCOUNT_SID,
    )
  const answering = (status: number, body: object) =>
    apiThat((_, response) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
    )

  test('is', async () => {
    expect(await ask(carrier.apiBaseUrl)).toBe('ok')
  })

  test('does not take a wrong token', async () => {
    expect(await ask(carrier.apiBaseUrl, 'wrong')).toBe('credentials refused')
  })

  test.each<[number, object, string]>([
    [200, { status: 'suspended' }, 'account suspended'],
    [404, { code: 20404, message: 'No such account.' }, 'ok'],
    [429, { code: 20429, message: 'Too many.' }, 'rate limited'],
    [503, {}, 'unreachable'],
  ])('answers %i with %j: %s', async (status, body, verdict) => {
    expect(await ask(await answering(status, body))).toBe(verdict)
  })

  test('is not, when nobody listens or nobody answers', async () => {
    expect(await ask('http://127.0.0.1:1')).toBe('unreachable')
    expect(await ask(await apiThat(() => {}))).toBe('unreachable')
  })
})

test('nothing that a failure says holds the credentials', async () => {
  const error = await telephony(carrier.apiBaseUrl, 'a-wrong-token-to-look-for')
    .hangUp(addressOf('CA1'))
    .catch((failure: unknown) => failure)
  expect(`${error}`).not.toContain('a-wrong-token-to-look-for')
})
