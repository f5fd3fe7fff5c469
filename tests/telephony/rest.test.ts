import { createServer, type RequestListener } from 'node:http'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
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
import { ScriptedCaller } from '../support/scripted-caller.ts'

const log = pino({ level: 'silent' })

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
  twilioTelephony(createTwilioClient({ accountSid: ACCOUNT_SID, authToken, apiBaseUrl }), log)

const addressOf = (providerCallId: string) => ({
  callId: '0190a0a0-0000-7000-8000-000000000000',
  legId: '0190a0a0-0000-7000-8000-00000000000a',
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
  test('is redirected: it asks at once what comes next', async () => {
    const call = await answeredCall()
    expect(await telephony().redirectLeg(addressOf(call.sid), 0)).toBe('redirected')
    await expect.poll(() => service.at('/webhooks/status-callback')).toHaveLength(1)
    expect(service.at('/webhooks/status-callback')[0]).toMatchObject({
      method: 'POST',
      isSigned: true,
      fields: { CallSid: call.sid, CallStatus: 'in-progress' },
    })
  })
})

describe('a leg that is over', () => {
  test.each(['queued', 'ringing', 'in-progress'])(
    'and which Twilio says is %s is not taken to be over: whoever asked may try again',
    async (status) => {
      const origin = await apiThat((request, response) => {
        const isChange = request.method === 'POST'
        const body = isChange ? { code: 21220, message: 'Not in-progress.', status: 400 } : { status }
        response
          .writeHead(isChange ? 400 : 200, { 'Content-Type': 'application/json' })
          .end(JSON.stringify(body))
      })
      await expect(telephony(origin).redirectLeg(addressOf('CA1'), 1)).rejects.toThrow('lives')
      expect(await telephony(origin).checkLeg(addressOf('CA1'))).toBe('live')
    },
  )
})

describe.each(['redirectLeg', 'hangUp'] as const)('%s', (order) => {
  const tell = (leg: ReturnType<typeof addressOf>, ...account: Parameters<typeof telephony>) =>
    order === 'hangUp' ? telephony(...account).hangUp(leg) : telephony(...account).redirectLeg(leg, 1)

  test('fails when the credentials are wrong, and says so', async () => {
    const { sid } = await answeredCall()
    await expect(tell(addressOf(sid), carrier.apiBaseUrl, 'wrong')).rejects.toMatchObject({
      status: 401,
      code: 20003,
    })
  })

  test.each([400, 422])('is not tried again when the API answers %i', async (status) => {
    const { sid } = await answeredCall()
    carrier.faults.refuseRest = status
    expect(await tell(addressOf(sid))).toBe(order === 'hangUp' ? undefined : 'impossible')
  })

  test('fails when a broken proxy answers with a page', async () => {
    const origin = await apiThat((_, response) => {
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>502 Bad Gateway</h1>')
    })
    await expect(tell(addressOf('CA1'), origin)).rejects.toMatchObject({ status: 502 })
  })
})

test('an API that never answers, or never ends its answer, is given up in time', async () => {
  const silent = await apiThat(() => {})
  const endless = await apiThat((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"sid":')
  })
  const began = performance.now()
  const hasty = (apiBaseUrl: string) =>
    twilioTelephony(
      createTwilioClient({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, apiBaseUrl }, 300),
      log,
    )
  const given = await Promise.allSettled(
    [silent, endless].map((origin) => hasty(origin).redirectLeg(addressOf('CA1'), 1)),
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
