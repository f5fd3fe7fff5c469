import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { twilioSignature } from '../../src/simulator/carrier/signature.ts'
import { parseTwiml } from '../../src/simulator/carrier/twiml.ts'
import { ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import { expectProblem, harmless } from './expect-no-effect.ts'

const WEBHOOKS = ['inbound', 'status-callback', 'stream-ended', 'call-status'] as const
type Webhook = (typeof WEBHOOKS)[number]

const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' }
/** Twilio's forms are a few kilobytes; this is more than any webhook takes. */
const TOO_LARGE = 'x'.repeat(65 * 1024)

let world: ScriptedWorld
/** A live call. */
let call: { sid: string; from: string; to: string }

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn' })
  await world.startNode()
  call = await newCall()
})
afterAll(() => world.end())

const urlOf = (webhook: string) => `${world.node.origin}/webhooks/${webhook}`
const formOf = (status = 'in-progress') => world.carrier.fieldsOf(call, status)

async function newCall(from = '+15550100009') {
  const opened = { sid: newSid('CA'), from, to: SERVICE_NUMBER }
  await world.carrier.post(urlOf('inbound'), world.carrier.fieldsOf(opened, 'ringing'))
  return opened
}

/** A body of any kind, signed as Twilio would sign it: over the fields of a form, and over the URL alone otherwise. */
function send(
  webhook: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = FORM_TYPE,
) {
  const isForm = typeof body === 'string' && (headers['Content-Type'] ?? '').includes('urlencoded')
  const fields = isForm ? Object.fromEntries(new URLSearchParams(body)) : {}
  const signature = twilioSignature(world.carrier.authToken, urlOf(webhook), fields)
  return fetch(urlOf(webhook), {
    method: 'POST',
    body,
    headers: { 'X-Twilio-Signature': signature, ...headers },
  })
}

async function expectApology(response: Response): Promise<void> {
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^text\/xml/)
  const [said, ...rest] = parseTwiml(await response.text())
  expect(said).toMatchObject({ verb: 'Say', text: expect.stringMatching(/^I am sorry/) })
  expect(rest).toEqual([{ verb: 'Hangup' }])
}

describe.each(WEBHOOKS)('%s', (webhook) => {
  const forged: [string, () => Promise<Response>, string][] = [
    ['without a signature', () => fetch(urlOf(webhook), { method: 'POST' }), 'signature_missing'],
    [
      'with the signature of another token',
      () =>
        world.carrier.post(urlOf(webhook), formOf(), {
          'X-Twilio-Signature': twilioSignature('wrong', urlOf(webhook), formOf()),
        }),
      'signature_wrong',
    ],
    [
      'with the signature of another webhook',
      () =>
        world.carrier.post(urlOf(webhook), formOf('completed'), {
          'X-Twilio-Signature': twilioSignature(world.carrier.authToken, urlOf('other'), formOf('completed')),
        }),
      'signature_wrong',
    ],
    [
      'with a field that was not signed',
      () =>
        world.carrier.post(
          urlOf(webhook),
          { ...formOf(), CallStatus: 'completed' },
          { 'X-Twilio-Signature': twilioSignature(world.carrier.authToken, urlOf(webhook), formOf()) },
        ),
      'signature_wrong',
    ],
  ]
  test.each(forged)('%s is refused', async (_, forge, reason) => {
    await expectProblem(await harmless(world, [reason], forge), 403)
  })

  test('too large is refused before it is read', async () => {
    const response = await harmless(world, ['too_large'], () => send(webhook, `CallSid=${TOO_LARGE}`))
    await expectProblem(response, 413)
  })

  test('large only once it is unpacked is refused, too', async () => {
    const packed = new Uint8Array(gzipSync(`CallSid=${'x'.repeat(10 * 1024 * 1024)}`))
    const headers = { ...FORM_TYPE, 'Content-Encoding': 'gzip' }
    await expectProblem(await harmless(world, ['too_large'], () => send(webhook, packed, headers)), 413)
  })

  test('with ten thousand fields is refused', async () => {
    const fields = Array.from({ length: 10_000 }, (_, i) => `f${i}=`).join('&')
    await expectProblem(await harmless(world, ['too_large'], () => send(webhook, fields)), 413)
  })

  test.each([
    ['an encoding', { ...FORM_TYPE, 'Content-Encoding': 'zstd-9' }],
    ['a character set', { 'Content-Type': 'application/x-www-form-urlencoded; charset=klingon' }],
  ])('in %s that nobody knows is refused', async (_, headers) => {
    const response = await harmless(world, ['unsupported_type'], () => send(webhook, 'CallSid=CA1', headers))
    await expectProblem(response, 415)
  })

  test('by a method that Twilio does not use is refused', async () => {
    const headers = { 'X-Twilio-Signature': twilioSignature(world.carrier.authToken, urlOf(webhook)) }
    for (const method of ['PUT', 'DELETE']) {
      const response = await harmless(world, ['wrong_method'], () =>
        fetch(urlOf(webhook), { method, headers }),
      )
      await expectProblem(response, 405)
    }
  })

  test('by GET is refused when its query is not what was signed', async () => {
    const headers = { 'X-Twilio-Signature': twilioSignature(world.carrier.authToken, urlOf(webhook)) }
    const url = `${urlOf(webhook)}?CallSid=${call.sid}&CallStatus=completed`
    await expectProblem(await harmless(world, ['signature_wrong'], () => fetch(url, { headers })), 403)
  })
})

/** What each webhook makes of a request that is Twilio's own and cannot be understood. */
const expectRefusal = (webhook: Webhook, response: Response) =>
  webhook === 'call-status' ? expectProblem(response, 400) : expectApology(response)

describe.each(WEBHOOKS)('an authentic %s', (webhook) => {
  const without = (name: string) => {
    const { [name]: _, ...rest } = formOf('completed')
    return new URLSearchParams(rest).toString()
  }
  const malformed: [string, () => Promise<Response>][] = [
    ['without a body', () => send(webhook, '')],
    ['without a CallSid', () => send(webhook, without('CallSid'))],
    ['with an empty CallSid', () => send(webhook, `${without('CallSid')}&CallSid=`)],
    [
      'with a path for a CallSid',
      () => send(webhook, `${without('CallSid')}&CallSid=..%2F..%2Fetc%2Fpasswd`),
    ],
    ['with NUL in its CallSid', () => send(webhook, `${without('CallSid')}&CallSid=CA%00`)],
    ['with fields of fields', () => send(webhook, `CallSid%5Ba%5D=${call.sid}&CallSid%5B%5D=${call.sid}`)],
    [
      'as JSON',
      () => send(webhook, JSON.stringify(formOf('completed')), { 'Content-Type': 'application/json' }),
    ],
    ['as plain text', () => send(webhook, without('CallSid'), { 'Content-Type': 'text/plain' })],
    [
      'as bytes',
      () => send(webhook, new Uint8Array(1_000).fill(0xff), { 'Content-Type': 'application/octet-stream' }),
    ],
    [
      'as a multipart form',
      () => send(webhook, '--b\r\n\r\n--b--', { 'Content-Type': 'multipart/form-data; boundary=b' }),
    ],
  ]
  test.each(malformed)('%s says what is wrong, kindly where somebody listens', async (_, deliver) => {
    await expectRefusal(webhook, await harmless(world, ['malformed_webhook'], deliver))
  })

  test('whose CallSid comes twice is none of a call', async () => {
    const body = `CallSid=${call.sid}&CallSid=${newSid('CA')}&From=%2B1&To=%2B2&CallStatus=completed`
    const [a, b] = new URLSearchParams(body).getAll('CallSid').sort()
    const signature = twilioSignature(world.carrier.authToken, `${urlOf(webhook)}`, {
      CallSid: `${a}CallSid${b}`,
      From: '+1',
      To: '+2',
      CallStatus: 'completed',
    })
    const response = await harmless(world, ['malformed_webhook'], () =>
      send(webhook, body, { ...FORM_TYPE, 'X-Twilio-Signature': signature }),
    )
    await expectRefusal(webhook, response)
  })
})

describe('a call that nobody knows', () => {
  const unknown = (status = 'in-progress') => ({ ...formOf(status), CallSid: newSid('CA') })

  test.each(['status-callback', 'stream-ended', 'stream-ended?bridgeNumber=1'])(
    'hears an apology at %s',
    async (webhook) => {
      const response = await harmless(world, ['unknown_call'], () =>
        world.carrier.post(urlOf(webhook), unknown()),
      )
      await expectApology(response)
    },
  )

  test('may have ended', async () => {
    // It may yet come in: that nobody knows it is only said after a while.
    const response = await harmless(world, [], () =>
      world.carrier.post(urlOf('call-status'), unknown('completed')),
    )
    expect(response.status).toBe(204)
  })
})

describe('a call that comes in without its numbers', () => {
  test.each([
    ['an empty From', 'From', ''],
    ['an empty To', 'To', ''],
    ['a From of 256 characters', 'From', '1'.repeat(256)],
    ['a To of forty thousand', 'To', '1'.repeat(40_000)],
    ['NUL in its From', 'From', '+1555\0'],
  ])('with %s is taken', async (_, name, value) => {
    const fields = { ...formOf('ringing'), CallSid: newSid('CA'), [name]: value }
    const response = await world.carrier.post(urlOf('inbound'), fields)
    expect(parseTwiml(await response.text()).at(-1)).toMatchObject({ verb: 'Redirect' })
    await world.carrier.post(urlOf('call-status'), { ...fields, CallStatus: 'completed' })
  })
})

describe('whatever comes late, twice or out of order', () => {
  test('changes nothing about a call that has ended', async () => {
    const over = await newCall()
    const fields = world.carrier.fieldsOf(over, 'completed')
    await world.carrier.post(urlOf('call-status'), fields)
    await harmless(world, [], async () => {
      for (const webhook of ['inbound', 'status-callback', 'stream-ended', 'stream-ended?bridgeNumber=1']) {
        const response = await world.carrier.post(urlOf(webhook), fields)
        expect(parseTwiml(await response.text()), webhook).toEqual([{ verb: 'Hangup' }])
      }
      for (const status of ['completed', 'failed', 'ringing', 'in-progress', 'queued']) {
        const response = await world.carrier.post(urlOf('call-status'), { ...fields, CallStatus: status })
        expect(response.status).toBe(204)
      }
    })
  })

  test('is answered as the first time when a delivery is repeated, and changes nothing', async () => {
    // While the voice is cloned each poll is a hold round of its own, so that one too many would be heard.
    const { cloneName } = await world.giveVoice('+15550100010')
    const waiting = await newCall('+15550100010')
    await vi.waitFor(() => expect(world.vendor.isCloning(cloneName)).toBe(true))
    const fields = world.carrier.fieldsOf(waiting)
    const delivery = { 'I-Twilio-Idempotency-Token': newSid('AC') }
    const poll = async (headers = {}) =>
      (await world.carrier.post(urlOf('status-callback'), fields, headers)).text()
    const first = await poll(delivery)
    expect(first).toContain('/audio/hold/1.wav')
    await harmless(world, [], async () => {
      expect(await poll(delivery)).toBe(first)
      expect(await (await world.carrier.post(urlOf('inbound'), fields, delivery)).text()).toBe(first)
    })
    expect(await poll()).toContain('/audio/hold/2.wav')
    world.vendor.failClone(cloneName)
    await vi.waitFor(async () => {
      const underWay = 'select 1 from graphile_worker._private_jobs where run_at <= now()'
      expect(await world.db.query(underWay)).toEqual([])
    })
  })

  test('ends a call that was hung up before it began here', async () => {
    const fields = { ...formOf('ringing'), CallSid: newSid('CA') }
    const over = world.carrier.post(urlOf('call-status'), { ...fields, CallStatus: 'canceled' })
    await world.carrier.post(urlOf('inbound'), fields)
    expect((await over).status).toBe(204)
    const ended = 'select outcome from call_log where provider_call_id = $1'
    await vi.waitFor(async () =>
      expect(await world.db.query(ended, [fields.CallSid])).toEqual([{ outcome: 'caller_hung_up' }]),
    )
  })

  test('of a stream that is long over is answered with where the call is now', async () => {
    const live = await newCall()
    const fields = world.carrier.fieldsOf(live)
    await world.carrier.post(urlOf('status-callback'), fields)
    await world.carrier.post(urlOf('stream-ended?bridgeNumber=1'), fields)
    await harmless(world, [], async () => {
      for (const bridgeNumber of ['1', '3', '99999999999999999999']) {
        const response = await world.carrier.post(urlOf(`stream-ended?bridgeNumber=${bridgeNumber}`), fields)
        expect(await response.text()).toContain('bridgeNumber=2"')
      }
    })
  })

  test('begins one call and no more when it all comes at once', async () => {
    const fields = { ...formOf('ringing'), CallSid: newSid('CA') }
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => world.carrier.post(urlOf('inbound'), fields)),
    )
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1)
    const sql = 'select 1 from call_log where provider_call_id = $1'
    expect(await world.db.query(sql, [fields.CallSid])).toHaveLength(1)
  })
})

test('no form that Twilio could sign makes the service fail', async () => {
  const known = fc.constantFrom('CallSid', 'From', 'To', 'CallStatus', 'CallDuration')
  const name = fc.oneof(known, fc.stringMatching(/^[A-Za-z][\w.[\]-]{0,20}$/))
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(call.sid, 'completed', '+15550100009'),
  )
  const fields = fc.dictionary(name, value, { maxKeys: 8 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...WEBHOOKS), fields, async (webhook, drawn) => {
      // Half a surrogate pair cannot be sent: it would be signed as something else.
      const entries = Object.entries(drawn).map(([name, value]) => [
        name.toWellFormed(),
        value.toWellFormed(),
      ])
      const response = await world.carrier.post(urlOf(webhook), Object.fromEntries(entries))
      const body = await response.text()
      if (webhook === 'call-status') expect([204, 400]).toContain(response.status)
      else expect([response.status, parseTwiml(body).length > 0]).toEqual([200, true])
    }),
    { numRuns: 200 },
  )
})
