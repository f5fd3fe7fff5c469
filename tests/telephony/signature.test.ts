import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import express from 'express'
import { describe, expect, test } from 'vitest'
import { twilioSignature } from '../../src/simulator/carrier/signature.ts'
import { checkUpgrade, checkWebhook, type SignatureCheck } from '../../src/telephony/twilio/signature.ts'
import { serve } from '../http/serve.ts'

const TOKEN = '12345'
const PUBLIC_URL = 'https://mycompany.com'
const CHECK: SignatureCheck = { authToken: TOKEN, skip: false, publicUrl: PUBLIC_URL }

/** The signature as Twilio's page on webhook security describes it, over exactly these bytes. */
const sign = (signed: string, token = TOKEN) => createHmac('sha1', token).update(signed).digest('base64')

/** What the check makes of a form that really came over HTTP. */
async function verdictOf(
  { path = '/', form = '', headers = {} }: { path?: string; form?: string; headers?: Record<string, string> },
  check = CHECK,
): Promise<string> {
  const app = express()
  app.use(express.urlencoded({ extended: false }), (req, res) => {
    res.send(checkWebhook(req, check))
  })
  const response = await fetch(`${await serve(app)}${path}`, {
    method: 'POST',
    body: form,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  })
  return response.text()
}

const signed = (signature: string) => ({ 'X-Twilio-Signature': signature })

/** The example of Twilio's own documentation and libraries. */
const EXAMPLE = {
  path: '/myapp.php?foo=1&bar=2',
  form: 'Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE',
  headers: signed('RSOYDt4T1cUTdK1PDd93/VVr8B8='),
}

describe('a webhook', () => {
  test('is valid with the signature of the documented example, in whatever order its fields come', async () => {
    expect(await verdictOf(EXAMPLE)).toBe('valid')
  })

  test.each([
    ['another path', { path: '/other.php?foo=1&bar=2' }],
    ['its query in another order', { path: '/myapp.php?bar=2&foo=1' }],
    ['no query', { path: '/myapp.php' }],
    ['a field less', { form: EXAMPLE.form.replace('Digits=1234&', '') }],
    ['a field more', { form: `${EXAMPLE.form}&CallStatus=completed` }],
    ['a field changed', { form: EXAMPLE.form.replace('1234', '1235') }],
    ['a field twice, with another value', { form: `${EXAMPLE.form}&Digits=1235` }],
    ['another signature', { headers: signed(sign('something else')) }],
    ['the signature cut short', { headers: signed('RSOYDt4T1cUTdK1PDd93/VVr8B8') }],
    ['a signature that is no base64', { headers: signed('!') }],
  ])('is wrong with %s', async (_, change) => {
    expect(await verdictOf({ ...EXAMPLE, ...change })).toBe('wrong')
  })

  test('is missing without the header, or with an empty one', async () => {
    expect(await verdictOf({ ...EXAMPLE, headers: {} })).toBe('missing')
    expect(await verdictOf({ ...EXAMPLE, headers: signed('') })).toBe('missing')
  })

  test('is wrong under another token, and under none', async () => {
    expect(await verdictOf(EXAMPLE, { ...CHECK, authToken: '54321' })).toBe('wrong')
    expect(await verdictOf(EXAMPLE, { ...CHECK, authToken: null })).toBe('wrong')
  })

  test('is not looked at when the settings say so', async () => {
    expect(await verdictOf({ headers: signed('x') }, { ...CHECK, skip: true })).toBe('valid')
  })

  test('signs fields sorted by name, capitals first, each value of a repeated one once and sorted', async () => {
    const form = 'b=2&a=1&Z=9&m=y&m=x&m=y&empty='
    const headers = signed(sign(`${PUBLIC_URL}/Z9a1b2emptymxmy`))
    expect(await verdictOf({ form, headers })).toBe('valid')
  })

  test('signs the characters of its fields, not their encoding', async () => {
    const form = new URLSearchParams({ From: 'sip:ünï@host', To: 'a b+c&d=e' }).toString()
    expect(
      await verdictOf({ form, headers: signed(sign(`${PUBLIC_URL}/Fromsip:ünï@hostToa b+c&d=e`)) }),
    ).toBe('valid')
  })

  test('is taken without a port and with the usual one, whichever of them was signed', async () => {
    for (const url of ['https://mycompany.com/', 'https://mycompany.com:443/']) {
      expect(await verdictOf({ headers: signed(sign(url)) }), url).toBe('valid')
    }
    const withPort = { ...CHECK, publicUrl: 'https://mycompany.com:8443' }
    for (const url of ['https://mycompany.com:8443/', 'https://mycompany.com/']) {
      expect(await verdictOf({ headers: signed(sign(url)) }, withPort), url).toBe('valid')
    }
    expect(await verdictOf({ headers: signed(sign('https://mycompany.com:8444/')) }, withPort)).toBe('wrong')
  })

  test('without a public URL is signed over the one that it came to, forwarded headers or not', async () => {
    const check = { ...CHECK, publicUrl: null }
    const app = express().post('/', (req, res) => {
      res.send(checkWebhook(req, check))
    })
    const url = await serve(app)
    const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'mycompany.com' }
    const verdict = async (over: string) =>
      (await fetch(url, { method: 'POST', headers: { ...forwarded, ...signed(sign(over)) } })).text()
    expect(await verdict(`${url}/`)).toBe('valid')
    expect(await verdict('https://mycompany.com/')).toBe('wrong')
  })

  test('is signed by the simulated carrier as by Twilio', () => {
    const fields = Object.fromEntries(new URLSearchParams(EXAMPLE.form))
    expect(twilioSignature(TOKEN, PUBLIC_URL + EXAMPLE.path, fields)).toBe('RSOYDt4T1cUTdK1PDd93/VVr8B8=')
  })
})

describe('the upgrade of a media stream', () => {
  const path = '/media-stream/0190a0a0-0000-7000-8000-000000000000'

  /** What the check makes of an upgrade that really came over HTTP. */
  async function verdictOfUpgrade(signature: string | string[] | undefined, check = CHECK, at = path) {
    const { promise, resolve } = Promise.withResolvers<{ verdict: string; request: IncomingMessage }>()
    const server = createServer((request, response) => {
      resolve({ verdict: checkUpgrade(request, check), request })
      response.end()
    })
    const url = await serve(server.listeners('request')[0] as Parameters<typeof serve>[0])
    const headers = new Headers()
    for (const each of [signature ?? []].flat()) headers.append('X-Twilio-Signature', each)
    await fetch(url + at, { headers })
    return (await promise).verdict
  }

  test.each([
    ['the address that it goes to', `wss://mycompany.com${path}`, 'valid'],
    ['that with a slash at its end', `wss://mycompany.com${path}/`, 'valid'],
    ['that with the port', `wss://mycompany.com:80${path}`, 'valid'],
    ['that as https', `https://mycompany.com${path}`, 'wrong'],
    ['the address of another call', `wss://mycompany.com${path.replace('a0a0', 'b0b0')}`, 'wrong'],
    ['another host', `wss://example.com${path}`, 'wrong'],
    ['nothing at all', '', 'wrong'],
  ])('signed over %s', async (_, over, verdict) => {
    expect(await verdictOfUpgrade(sign(over))).toBe(verdict)
  })

  test('of which the slash at the end was asked for, too', async () => {
    expect(await verdictOfUpgrade(sign(`wss://mycompany.com${path}/`), CHECK, `${path}/`)).toBe('valid')
  })

  test('with a wrong token, or none, is wrong', async () => {
    const signature = sign(`wss://mycompany.com${path}`)
    expect(await verdictOfUpgrade(signature, { ...CHECK, authToken: '54321' })).toBe('wrong')
    expect(await verdictOfUpgrade(signature, { ...CHECK, authToken: null })).toBe('wrong')
  })

  test('with two signatures, or an empty one, is wrong', async () => {
    const signature = sign(`wss://mycompany.com${path}`)
    expect(await verdictOfUpgrade([signature, signature])).toBe('wrong')
    expect(await verdictOfUpgrade('')).toBe('wrong')
  })

  test('without the header is let through: not every handshake of Twilio has one, and the token decides', async () => {
    expect(await verdictOfUpgrade(undefined)).toBe('valid')
  })

  test('without a public URL may come over TLS that somebody else ends, or in the clear', async () => {
    const check = { ...CHECK, publicUrl: null }
    const verdict = (origin: string, host: string) =>
      checkUpgrade(
        {
          url: path,
          headers: { host, 'x-twilio-signature': sign(`${origin}${path}`) },
        } as unknown as IncomingMessage,
        check,
      )
    expect(verdict('wss://voice.example', 'voice.example')).toBe('valid')
    expect(verdict('ws://127.0.0.1:3006', '127.0.0.1:3006')).toBe('valid')
    expect(verdict('wss://voice.example', 'other.example')).toBe('wrong')
  })
})
