import type { RequestListener } from 'node:http'
import express from 'express'
import pino from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { publicUrlCheck } from '../../src/doctor/public-url.ts'
import { newRelayCounts } from '../../src/media/media-metrics.ts'
import { MediaServer } from '../../src/media/media-server.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { TwilioMediaStream } from '../../src/telephony/twilio/media-stream.ts'
import { checkUpgrade, type SignatureCheck } from '../../src/telephony/twilio/signature.ts'
import { twilioWebhooks } from '../../src/telephony/twilio/webhooks.ts'
import { ChartCalls } from '../media/chart-calls.ts'
import { FakeAgent } from '../media/fake-agent.ts'
import { deadOrigin, examine, named, serve, verdicts } from './examine.ts'

const TOKEN = 'a-token-that-nobody-may-see'
const log = pino({ level: 'silent' })

const ALL_WELL = { 'public URL': 'ok', 'public URL, unsigned': 'ok', 'public URL, stream': 'ok' }

const publicUrl = (origin: string, changes: Record<string, string> = {}) =>
  examine(publicUrlCheck, { PUBLIC_URL: origin, TWILIO_AUTH_TOKEN: TOKEN, ...changes })

/** The service's own webhooks and media server, on one port. */
async function startService(given: Partial<SignatureCheck> = {}, { streams = true } = {}): Promise<string> {
  const signature: SignatureCheck = { authToken: TOKEN, skip: false, publicUrl: null, ...given }
  const calls = new ChartCalls()
  const webhooks = twilioWebhooks({
    calls: {
      open: () => Promise.reject(new Error('no call was to be opened')),
      tell: async () => null,
      report: () => ({ tried: Promise.resolve(), outcome: Promise.resolve('unknown') }),
    },
    signature,
    greeting: () => ({ path: null, text: 'Hello' }),
    hold: { slicePath: () => '', roundMs: 1000 } as never,
    isLeaving: () => false,
    onRejected: () => {},
    log,
  })
  const { origin, server } = await serve(express().use('/webhooks', webhooks))
  if (streams) {
    const media = new MediaServer({
      calls,
      agent: new FakeAgent(),
      clock: systemClock,
      metrics: { counts: newRelayCounts(), observeRelayDelay: () => {}, observeBargeIn: () => {} },
      log,
      waitingTrack: Buffer.alloc(8_000, 0xff),
      silenceTimeoutMs: 20_000,
      routes: [
        {
          path: '/media-stream/',
          codec: () => new TwilioMediaStream(),
          checkUpgrade: (request) =>
            checkUpgrade(request, signature) === 'valid'
              ? { ok: true }
              : { ok: false, status: 403, reason: 'wrong signature' },
        },
      ],
    })
    media.attach(server)
    onTestFinished(() => media.stop())
  }
  return origin
}

test('the service takes what is signed, refuses the rest, and closes a stream without a token', async () => {
  const findings = await publicUrl(await startService())
  expect(verdicts(findings)).toEqual(ALL_WELL)
})

test('it is looked at only when there is an URL, and a token to sign with', async () => {
  expect(await publicUrl('')).toMatchObject([{ verdict: 'skip' }])
  expect(await publicUrl('https://voice.example.com', { TWILIO_AUTH_TOKEN: '' })).toMatchObject([
    { verdict: 'skip', finding: expect.stringMatching(/^simulated/) },
  ])
})

describe('what is wrong with it, and the likely cause', () => {
  test('nothing runs', async () => {
    const findings = await publicUrl(await deadOrigin())
    expect(findings).toMatchObject([
      {
        verdict: 'FAIL',
        finding: expect.stringContaining('nothing listens there'),
        mend: expect.stringContaining('start the service'),
      },
    ])
  })

  test('the name does not exist', async () => {
    const findings = await publicUrl('https://no-such-host.invalid')
    expect(findings).toMatchObject([
      { verdict: 'FAIL', finding: expect.stringMatching(/resolved|no way|in time/) },
    ])
  })

  test('it does not speak TLS', async () => {
    const origin = await startService()
    const findings = await publicUrl(origin.replace('http:', 'https:'))
    expect(findings).toMatchObject([{ verdict: 'FAIL', finding: expect.stringContaining('TLS') }])
  })

  test('the service has another PUBLIC_URL', async () => {
    const findings = await publicUrl(await startService({ publicUrl: 'https://voice.example.com' }))
    expect(verdicts(findings)).toEqual({
      'public URL': 'FAIL',
      'public URL, unsigned': 'ok',
      'public URL, stream': 'FAIL',
    })
    for (const name of ['public URL', 'public URL, stream'])
      expect(named(findings, name).mend).toContain('the signature was refused')
  })

  test('the service has another token', async () => {
    const findings = await publicUrl(await startService({ authToken: 'another' }))
    expect(named(findings, 'public URL').mend).toContain('TWILIO_AUTH_TOKEN')
  })

  test.each([
    ['warn', 'true'],
    ['FAIL', 'false'],
  ])('the service takes what is not signed: %s when settings say %s', async (verdict, skip) => {
    const origin = await startService({ skip: true })
    const findings = await publicUrl(origin, { SKIP_WEBHOOK_SIGNATURE_VALIDATION: skip })
    expect(verdicts(findings)).toEqual({ ...ALL_WELL, 'public URL, unsigned': verdict })
  })

  test('the proxy drops Upgrade', async () => {
    const findings = await publicUrl(await startService({}, { streams: false }))
    expect(verdicts(findings)).toEqual({ ...ALL_WELL, 'public URL, stream': 'FAIL' })
    expect(named(findings, 'public URL, stream')).toMatchObject({
      finding: expect.stringContaining('404 and not 101'),
      mend: expect.stringContaining('proxy_set_header Upgrade'),
    })
  })

  const answer =
    (status: number, headers: Record<string, string> = {}): RequestListener =>
    (_request, response) =>
      response.writeHead(status, headers).end()

  test.each<[name: string, listener: RequestListener, mend: RegExp]>([
    ['a proxy without a service', answer(502), /the service behind it does not answer/],
    [
      'a redirect',
      answer(301, { location: 'https://www.example.com/x' }),
      /redirects \(https:\/\/www\.example/,
    ],
    ['a password', answer(401), /something before the service asks who calls/],
    ['a firewall', answer(403), /something before the service asks who calls/],
    ['another site', answer(404), /something else answers there/],
    ['a parked page', answer(200, { 'content-type': 'text/html' }), /something else answers there/],
    ['a service that fails', answer(500), /its log says why/],
  ])('%s stands there', async (_name, listener, mend) => {
    const { origin } = await serve(listener)
    const findings = await publicUrl(origin)
    expect(findings).toMatchObject([{ name: 'public URL', verdict: 'FAIL' }])
    expect(findings[0]?.mend).toMatch(mend)
  })

  test.each<[name: string, onStream: (socket: import('ws').WebSocket) => void, words: string]>([
    ['cut by the proxy', (socket) => socket.terminate(), 'is cut right after it opened'],
    ['closed for another reason', (socket) => socket.close(1011), 'closed with 1011 and not with 1008'],
  ])('a stream is %s', async (_name, onStream, words) => {
    const { origin, server } = await serve((request, response) =>
      response.writeHead(request.headers['x-twilio-signature'] ? 204 : 403).end(),
    )
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', onStream)
    onTestFinished(() => sockets.close())
    const findings = await publicUrl(origin)
    expect(named(findings, 'public URL, stream')).toMatchObject({
      verdict: 'FAIL',
      finding: expect.stringContaining(words),
    })
  })
})
