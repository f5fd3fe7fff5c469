import express from 'express'
import pino from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import type { CallView } from '../../machines/instructions.ts'
import { begin, INPUTS, viewOf } from '../../src/model/call-model.ts'
import { parseTwiml } from '../../src/simulator/carrier/twiml.ts'
import type { CarrierCalls } from '../../src/telephony/calls-port.ts'
import { twilioWebhooks } from '../../src/telephony/twilio/webhooks.ts'
import { serve } from '../http/serve.ts'

const CALL_SID = `CA${'1'.repeat(32)}`
const CALL_ID = '0190a0a0-0000-7000-8000-000000000000'
const LEG_ID = '0190a0a0-0000-7000-8000-00000000000a'
const FORM = { CallSid: CALL_SID, From: '+15550100001', To: '+15550199999', CallStatus: 'in-progress' }

type Told = { providerCallId: string; event: CallEvent; eventId: string | undefined }

let opened: Parameters<CarrierCalls['open']>[0][]
let told: Told[]
let reported: Told[]
let rejected: string[]
let view: CallView
/** Why the calls cannot be asked; null while they can. */
let fault: Error | null
let isLeaving: boolean
/** Whether reports wait for the database. */
let reportIsKept: boolean

beforeEach(() => {
  fault = null
  isLeaving = false
  opened = []
  told = []
  reported = []
  reportIsKept = false
  rejected = []
  view = { ...viewOf(begin(INPUTS['voice to clone']).snapshot), seq: 1 }
})

const calls: CarrierCalls = {
  async open(call) {
    if (fault) throw fault
    opened.push(call)
    return { callId: CALL_ID, legId: LEG_ID, view, tokenOf: () => 'token', isNew: true }
  },
  async tell(providerCallId, event, eventId) {
    if (fault) throw fault
    told.push({ providerCallId, event, eventId })
    return providerCallId === CALL_SID
      ? { callId: CALL_ID, legId: LEG_ID, view, tokenOf: () => 'token' }
      : null
  },
  report(providerCallId, event, eventId) {
    reported.push({ providerCallId, event, eventId })
    const never = new Promise<never>(() => {})
    if (reportIsKept) return { tried: never, outcome: never }
    const outcome = Promise.resolve(providerCallId === CALL_SID ? ('taken' as const) : ('unknown' as const))
    return { tried: Promise.resolve(), outcome }
  },
}

const serveWebhooks = () =>
  serve(
    express().use(
      '/webhooks',
      twilioWebhooks({
        calls,
        signature: { authToken: null, skip: true, publicUrl: 'https://voice.example' },
        greeting: () => ({ path: null, text: 'Hello.' }),
        hold: { pathOf: (round) => `/audio/hold/${round}.wav`, url: null, roundMs: 2_000 },
        isLeaving: () => isLeaving,
        onRejected: (reason) => rejected.push(reason),
        log: pino({ level: 'silent' }),
      }),
    ),
  )

/** Posts a form to the webhooks, behind which nothing is but what the test sees. */
async function post(
  path: string,
  form: Record<string, string> | string,
  headers: Record<string, string> = {},
) {
  const url = await serveWebhooks()
  const type = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' }
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
  return fetch(`${url}/webhooks${path}`, { method: 'POST', body, headers: { ...type, ...headers } })
}

/** The same by GET, with the fields in the query. */
async function get(path: string, form: Record<string, string>) {
  const query = `${path.includes('?') ? '&' : '?'}${new URLSearchParams(form)}`
  return fetch(`${await serveWebhooks()}/webhooks${path}${query}`)
}

const verbsOf = async (response: Response) => parseTwiml(await response.text()).map(({ verb }) => verb)

describe('an incoming call', () => {
  test('is opened under its CallSid, with both numbers and our own address', async () => {
    const response = await post('/inbound', FORM)
    expect(response.headers.get('content-type')).toMatch(/^text\/xml/)
    expect(await verbsOf(response)).toEqual(['Say', 'Play', 'Redirect'])
    const { CallSid: providerCallId, From: from, To: to } = FORM
    const verification = 'trunk'
    expect(opened).toEqual([
      { providerCallId, from, to, verification, publicOrigin: 'https://voice.example' },
    ])
  })

  test.each(['anonymous', 'unknown', 'client:alice', 'sip:alice@example.com:5060', '+86151'])(
    'may be from %s',
    async (from) => {
      await post('/inbound', { ...FORM, From: from })
      expect(opened).toMatchObject([{ from }])
    },
  )

  test.each([
    ['nothing', {}, 'trunk'],
    ['TN-Validation-Passed-A', { StirVerstat: 'TN-Validation-Passed-A' }, 'attested'],
    ['TN-Validation-Failed-A', { StirVerstat: 'TN-Validation-Failed-A' }, 'failed'],
    ['that it comes of a SIP domain', { SipDomain: 'a.sip.twilio.com' }, 'unverified'],
    [
      'a signed number, of a SIP phone',
      { From: 'sip:+15550100001@a.sip.twilio.com', StirVerstat: 'TN-Validation-Passed-A' },
      'unverified',
    ],
  ])('of which Twilio says %s is believed as far as that goes', async (_, change, verification) => {
    await post('/inbound', { ...FORM, ...change })
    expect(opened).toMatchObject([{ verification }])
  })

  test('may bring fields that nobody knows yet', async () => {
    expect((await post('/inbound', { ...FORM, StirVerstat: 'x', Brand: 'new' })).status).toBe(200)
    expect(opened).toHaveLength(1)
  })

  test.each([
    ['no CallSid', { CallSid: '' }],
    ['a CallSid with a path in it', { CallSid: '../../etc/passwd' }],
    ['a CallSid that is too long', { CallSid: `CA${'1'.repeat(63)}` }],
  ])('with %s hears the apology, and nothing is opened', async (_, change) => {
    const response = await post('/inbound', { ...FORM, ...change })
    expect(response.status).toBe(200)
    expect(await verbsOf(response)).toEqual(['Say', 'Hangup'])
    expect([opened, told, rejected]).toEqual([[], [], ['malformed_webhook']])
  })
})

describe('an incoming call is taken, whatever it says of its caller', () => {
  test.each([
    ['no From', { From: '' }, { from: '', to: FORM.To }],
    ['no To', { To: '' }, { from: FORM.From, to: '' }],
    ['a From of 321 characters', { From: `sip:${'x'.repeat(317)}` }, { from: `sip:${'x'.repeat(251)}` }],
    ['a NUL in From', { From: '+1555\0' }, { from: '+1555' }],
  ])('with %s', async (_, change, expected) => {
    expect(await verbsOf(await post('/inbound', { ...FORM, ...change }))).toEqual(['Say', 'Play', 'Redirect'])
    expect(opened).toMatchObject([expected])
  })

  test('without From and To at all', async () => {
    const { From: _from, To: _to, ...rest } = FORM
    expect(await verbsOf(await post('/inbound', rest))).toEqual(['Say', 'Play', 'Redirect'])
    expect(opened).toMatchObject([{ from: '', to: '' }])
  })
})

describe('a number that is set to GET', () => {
  test('is served like one that is set to POST', async () => {
    expect(await verbsOf(await get('/inbound', FORM))).toEqual(['Say', 'Play', 'Redirect'])
    expect(opened).toMatchObject([{ providerCallId: CALL_SID, from: FORM.From, to: FORM.To }])
    expect(await verbsOf(await get('/status-callback', FORM))).toEqual(['Say', 'Play', 'Redirect'])
    await get('/stream-ended?bridgeNumber=3', FORM)
    expect(told.map(({ event }) => event)).toEqual([
      { type: 'leg.instructionsRequested' },
      { type: 'leg.streamEnded', bridgeNumber: 3 },
    ])
    expect((await get('/call-status', { ...FORM, CallStatus: 'completed' })).status).toBe(204)
    expect(reported).toMatchObject([{ event: { type: 'leg.ended', status: 'completed' } }])
    expect((await get('/amd', FORM)).status).toBe(204)
  })

  test('is asked to come again by POST, without what Twilio had put into the query', async () => {
    fault = new Error('connection refused')
    const verbs = parseTwiml(await (await get('/stream-ended?bridgeNumber=2', FORM)).text())
    expect(verbs.at(-1)).toMatchObject({
      verb: 'Redirect',
      text: 'https://voice.example/webhooks/stream-ended?bridgeNumber=2&waits=1',
      method: 'POST',
    })
  })

  test.each(['PUT', 'HEAD', 'DELETE'])('but %s is refused with what is allowed', async (method) => {
    const response = await fetch(`${await serveWebhooks()}/webhooks/inbound`, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST'])
    expect([opened, rejected]).toEqual([[], ['wrong_method']])
  })
})

describe('a webhook whose CallStatus says that the call is over', () => {
  test.each(['/inbound', '/status-callback', '/stream-ended?bridgeNumber=1'])(
    'at %s ends the call, and asks it nothing',
    async (path) => {
      const response = await post(path, { ...FORM, CallStatus: 'completed', CallDuration: '7' })
      expect(await verbsOf(response)).toEqual(['Hangup'])
      const event = { type: 'leg.ended', status: 'completed', durationSeconds: 7 }
      expect(reported).toEqual([{ providerCallId: CALL_SID, event, eventId: 'status:completed' }])
      expect([opened, told]).toEqual([[], []])
    },
  )
})

describe('a leg', () => {
  test('that asks is told what its call says', async () => {
    expect(await verbsOf(await post('/status-callback', FORM))).toEqual(['Say', 'Play', 'Redirect'])
    expect(told).toMatchObject([{ providerCallId: CALL_SID, event: { type: 'leg.instructionsRequested' } }])
  })

  test.each([
    ['?bridgeNumber=3', { type: 'leg.streamEnded', bridgeNumber: 3 }],
    // As the release before has given it out.
    ['?attempt=3', { type: 'leg.streamEnded', bridgeNumber: 3 }],
    ['?attempt=first', { type: 'leg.streamEnded' }],
    ['', { type: 'leg.streamEnded' }],
    ['?bridgeNumber=', { type: 'leg.streamEnded' }],
    ['?bridgeNumber=0', { type: 'leg.streamEnded' }],
    ['?bridgeNumber=-1', { type: 'leg.streamEnded' }],
    ['?bridgeNumber=1.5', { type: 'leg.streamEnded' }],
    ['?bridgeNumber=1e400', { type: 'leg.streamEnded' }],
    ['?bridgeNumber=first', { type: 'leg.streamEnded' }],
  ])('whose stream ended, at %j', async (query, event) => {
    expect((await post(`/stream-ended${query}`, FORM)).status).toBe(200)
    expect(told.map(({ event }) => event)).toEqual([event])
  })

  test('that belongs to no call hears the apology', async () => {
    for (const path of ['/status-callback', '/stream-ended']) {
      const response = await post(path, { ...FORM, CallSid: 'CAunknown' })
      expect(response.status).toBe(200)
      expect(await verbsOf(response)).toEqual(['Say', 'Hangup'])
    }
    expect(rejected).toEqual(['unknown_call', 'unknown_call'])
  })

  test('that is asked about twice under one delivery names it twice', async () => {
    const delivery = { 'I-Twilio-Idempotency-Token': 'd-1' }
    await post('/status-callback', FORM, delivery)
    await post('/status-callback', FORM, delivery)
    await post('/status-callback', FORM)
    await post('/status-callback', FORM, { 'I-Twilio-Idempotency-Token': 'x'.repeat(300) })
    expect(told.map(({ eventId }) => eventId)).toEqual(['twilio:d-1', 'twilio:d-1', undefined, undefined])
  })
})

describe('while the calls cannot be asked', () => {
  const wait = async (path: string) => parseTwiml(await (await post(path, FORM)).text())
  beforeEach(() => {
    fault = new Error('connection refused')
  })

  test.each(['/inbound', '/status-callback', '/stream-ended?bridgeNumber=2'])(
    'a leg at %s hears hold and asks the same again, until it is answered',
    async (path) => {
      let next = path
      for (const round of [0, 1, 2]) {
        const verbs = await wait(next)
        // Who has just called is greeted, once.
        const greeting = path === '/inbound' && round === 0 ? verbs.shift() : null
        expect(greeting?.verb).toBe(path === '/inbound' && round === 0 ? 'Say' : undefined)
        const [hold, again] = verbs
        expect(hold).toMatchObject({ verb: 'Play', text: `https://voice.example/audio/hold/${round}.wav` })
        expect(again?.verb).toBe('Redirect')
        const url = new URL((again as { text: string }).text)
        expect(url.origin + url.pathname).toBe(`https://voice.example/webhooks${path.split('?')[0]}`)
        next = url.pathname.replace('/webhooks', '') + url.search
      }
      fault = null
      const answered = path === '/inbound' ? ['Play', 'Redirect'] : ['Say', 'Play', 'Redirect']
      expect((await wait(next)).map(({ verb }) => verb)).toEqual(answered)
      if (path.startsWith('/stream')) expect(told.at(-1)?.event).toMatchObject({ bridgeNumber: 2 })
    },
  )

  test.each(['15', '99', '1e9', 'many'])(
    'a leg that has waited %s times hears the apology',
    async (waits) => {
      const verbs = (await wait(`/status-callback?waits=${waits}`)).map(({ verb }) => verb)
      expect(verbs).toEqual(['Say', 'Hangup'])
      expect(rejected).toEqual(['call_unreachable'])
    },
  )
})

test.each(['/inbound', '/status-callback', '/stream-ended?bridgeNumber=2'])(
  'a process that is going keeps the leg at %s until another can be asked, and tells the call nothing',
  async (path) => {
    isLeaving = true
    const verbs = parseTwiml(await (await post(path, FORM)).text())
    const again = `https://voice.example/webhooks${path}${path.includes('?') ? '&' : '?'}waits=1`
    expect(verbs).toMatchObject([
      ...(path === '/inbound' ? [{ verb: 'Say' }] : []),
      ...[0, 1, 2].map((round) => ({ verb: 'Play', text: `https://voice.example/audio/hold/${round}.wav` })),
      { verb: 'Redirect', text: again },
    ])
    expect([opened, told, rejected]).toEqual([[], [], []])
  },
)

describe('a call status', () => {
  test.each(['completed', 'busy', 'no-answer', 'failed', 'canceled'])(
    '%s ends the call, once',
    async (status) => {
      const response = await post('/call-status', { ...FORM, CallStatus: status, CallDuration: '42' })
      expect([response.status, await response.text()]).toEqual([204, ''])
      const event = { type: 'leg.ended', status, durationSeconds: 42 }
      expect(reported).toEqual([{ providerCallId: CALL_SID, event, eventId: `status:${status}` }])
    },
  )

  test('that cannot be written down yet is answered all the same: it is kept', async () => {
    reportIsKept = true
    expect((await post('/call-status', { ...FORM, CallStatus: 'completed' })).status).toBe(204)
    expect(reported).toHaveLength(1)
  })

  test.each(['queued', 'initiated', 'ringing', 'answered', 'in-progress'])(
    '%s says nothing new',
    async (status) => {
      expect((await post('/call-status', { ...FORM, CallStatus: status })).status).toBe(204)
      expect([told, reported]).toEqual([[], []])
    },
  )

  test.each(['', 'soon', '-1', '1e400', '1'.repeat(10)])(
    'with a duration of %j ends the call without one',
    async (seconds) => {
      await post('/call-status', { ...FORM, CallStatus: 'completed', CallDuration: seconds })
      expect(reported[0]?.event).toEqual({ type: 'leg.ended', status: 'completed' })
    },
  )

  test('of a call that nobody knows is taken without complaint, and counted', async () => {
    const response = await post('/call-status', { ...FORM, CallSid: 'CAunknown', CallStatus: 'completed' })
    expect(response.status).toBe(204)
    expect(rejected).toEqual(['unknown_call'])
  })

  test.each([
    ['no status', { CallStatus: '' }],
    ['a status that Twilio does not have', { CallStatus: 'exploded' }],
    ['no CallSid', { CallSid: '' }],
  ])('with %s is refused', async (_, change) => {
    const response = await post('/call-status', { ...FORM, ...change })
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect([reported, rejected]).toEqual([[], ['malformed_webhook']])
  })
})

test.each(['/amd', '/recording'])('%s is taken, and tells the call nothing', async (path) => {
  const response = await post(path, { ...FORM, AnsweredBy: 'human', RecordingSid: 'RE1' })
  expect([response.status, await response.text()]).toEqual([204, ''])
  expect([opened, told, rejected]).toEqual([[], [], []])
})

describe('a field that comes twice', () => {
  test('is none: whoever sends that is not Twilio', async () => {
    const twice = `${new URLSearchParams(FORM)}&CallSid=${CALL_SID}`
    expect(await verbsOf(await post('/inbound', twice))).toEqual(['Say', 'Hangup'])
    expect(opened).toEqual([])
  })
})
