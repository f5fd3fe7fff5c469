import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { twilioCheck } from '../../src/doctor/twilio.ts'
import { type Carrier, startCarrier } from '../../src/simulator/carrier/carrier.ts'
import { deadOrigin, examine, named, serve, vendor, verdicts } from './examine.ts'

const ACCOUNT_SID = `AC${'1'.repeat(32)}`
const AUTH_TOKEN = 'a-token-that-nobody-may-see'
const NUMBER = '+15550100200'
const PUBLIC_URL = 'https://voice.example.com'

let carrier: Carrier

beforeEach(async () => {
  carrier = await startCarrier({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    phoneNumber: NUMBER,
    voiceUrl: `${PUBLIC_URL}/webhooks/inbound`,
    statusCallbackUrl: `${PUBLIC_URL}/webhooks/call-status`,
    log: pino({ level: 'silent' }),
  })
  carrier.number.voiceFallbackUrl = `${PUBLIC_URL}/webhooks/inbound`
})

afterEach(() => carrier.stop())

const settings = (changes: Record<string, string> = {}): Record<string, string> => ({
  TWILIO_ACCOUNT_SID: ACCOUNT_SID,
  TWILIO_AUTH_TOKEN: AUTH_TOKEN,
  TWILIO_PHONE_NUMBER: NUMBER,
  TWILIO_API_BASE_URL: carrier.apiBaseUrl,
  PUBLIC_URL,
  ...changes,
})

const twilio = (env = settings(), fix = false) => examine(twilioCheck, env, { fix })

const ALL_WELL = {
  'twilio account': 'ok',
  'twilio number': 'ok',
  'twilio voice URL': 'ok',
  'twilio fallback URL': 'ok',
  'twilio status callback': 'ok',
}

test('all is in order', async () => {
  expect(verdicts(await twilio())).toEqual(ALL_WELL)
})

test('connection overrides in the URL’s fragment are the operator’s own', async () => {
  carrier.number.voiceUrl += '#rc=2&rp=all'
  expect(verdicts(await twilio())).toEqual(ALL_WELL)
})

describe('what is not looked at', () => {
  test('a simulated carrier', async () => {
    expect(await twilio({})).toMatchObject([
      { verdict: 'skip', finding: expect.stringMatching(/^simulated carrier/) },
    ])
  })

  test('an account whose SID is not known', async () => {
    const findings = await twilio(settings({ TWILIO_ACCOUNT_SID: '' }))
    expect(findings).toMatchObject([
      { verdict: 'skip', finding: expect.stringContaining('TWILIO_ACCOUNT_SID') },
    ])
  })

  test('webhooks without a PUBLIC_URL to compare them with', async () => {
    const findings = await twilio(settings({ PUBLIC_URL: '' }))
    expect(verdicts(findings)).toEqual({
      'twilio account': 'ok',
      'twilio number': 'ok',
      'twilio webhooks': 'skip',
    })
  })
})

describe('the account', () => {
  test('refuses a wrong token', async () => {
    const findings = await twilio(settings({ TWILIO_AUTH_TOKEN: 'another-token' }))
    expect(findings).toMatchObject([{ verdict: 'FAIL', mend: expect.stringContaining('TWILIO_AUTH_TOKEN') }])
  })

  test('cannot be reached', async () => {
    const findings = await twilio(settings({ TWILIO_API_BASE_URL: await deadOrigin() }))
    expect(findings).toMatchObject([
      { verdict: 'FAIL', finding: expect.stringContaining('nothing listens there') },
    ])
  })

  test('is not served for the moment', async () => {
    carrier.faults.refuseRest = 503
    expect(await twilio()).toMatchObject([{ verdict: 'FAIL', finding: expect.stringContaining('503') }])
  })

  test('hangs', async () => {
    const { origin } = await serve(() => {})
    const env = settings({ TWILIO_API_BASE_URL: origin })
    expect(await examine(twilioCheck, env, { limitMs: 50 })).toMatchObject([
      { name: 'twilio', verdict: 'FAIL', finding: 'no answer within 0.05 s' },
    ])
  })
})

describe('the number', () => {
  test('is not known', async () => {
    const findings = await twilio(settings({ TWILIO_PHONE_NUMBER: '' }))
    expect(verdicts(findings)).toEqual({ 'twilio account': 'ok', 'twilio number': 'warn' })
  })

  test('is somebody else’s', async () => {
    const findings = await twilio(settings({ TWILIO_PHONE_NUMBER: '+15550100299' }))
    expect(verdicts(findings)).toEqual({ 'twilio account': 'ok', 'twilio number': 'FAIL' })
    expect(named(findings, 'twilio number').mend).toContain('TWILIO_PHONE_NUMBER')
  })

  const FAULTS: [name: string, to: () => void, finding: keyof typeof ALL_WELL, words: string][] = [
    [
      'asks another host',
      () => {
        carrier.number.voiceUrl = 'https://demo.twilio.com/welcome/voice/'
      },
      'twilio voice URL',
      'is POST https://demo.twilio.com/welcome/voice/',
    ],
    [
      'asks nobody',
      () => {
        carrier.number.voiceUrl = ''
      },
      'twilio voice URL',
      'is not set',
    ],
    [
      'asks by GET',
      () => {
        carrier.number.voiceMethod = 'GET'
      },
      'twilio voice URL',
      'is GET https://',
    ],
    [
      'tells nobody of the end',
      () => {
        carrier.number.statusCallback = ''
      },
      'twilio status callback',
      'not set',
    ],
    [
      'tells of the end by GET',
      () => {
        carrier.number.statusCallbackMethod = 'GET'
      },
      'twilio status callback',
      'is GET https://',
    ],
  ]

  test.each(FAULTS)('%s', async (_name, to, name, words) => {
    to()
    const findings = await twilio()
    expect(verdicts(findings)).toEqual({ ...ALL_WELL, [name]: 'FAIL' })
    const finding = named(findings, name)
    expect(finding.finding).toContain(words)
    expect(finding.mend).toContain(`${PUBLIC_URL}/webhooks/`)
    expect(finding.mend).toContain('console.twilio.com')
  })

  test.each(FAULTS)('%s, and is mended', async (_name, to, name) => {
    to()
    const findings = await twilio(settings(), true)
    expect(verdicts(findings)).toEqual(ALL_WELL)
    expect(named(findings, name).finding).toMatch(/^mended: /)
    expect(carrier.number).toMatchObject({
      voiceUrl: `${PUBLIC_URL}/webhooks/inbound`,
      voiceMethod: 'POST',
      statusCallback: `${PUBLIC_URL}/webhooks/call-status`,
      statusCallbackMethod: 'POST',
    })
  })
})

describe('the fallback URL', () => {
  test('is warned of where there is none, and set', async () => {
    carrier.number.voiceFallbackUrl = ''
    const found = named(await twilio(), 'twilio fallback URL')
    expect([found.verdict, found.finding]).toEqual(['warn', expect.stringContaining('dying node')])
    expect(verdicts(await twilio(settings(), true))).toEqual(ALL_WELL)
    expect(carrier.number.voiceFallbackUrl).toBe(`${PUBLIC_URL}/webhooks/inbound`)
  })

  test('of the operator’s own is left alone', async () => {
    carrier.number.voiceFallbackUrl = 'https://elsewhere.example/sorry.xml'
    expect(verdicts(await twilio(settings(), true))).toEqual(ALL_WELL)
    expect(carrier.number.voiceFallbackUrl).toBe('https://elsewhere.example/sorry.xml')
  })
})

describe('what the simulated carrier does not have', () => {
  const ACCOUNT = { sid: ACCOUNT_SID, friendly_name: 'Acme', status: 'active', type: 'Full' }
  const VOICE = {
    sid: `PN${'2'.repeat(32)}`,
    account_sid: ACCOUNT_SID,
    phone_number: NUMBER,
    capabilities: { voice: true },
    voice_url: `${PUBLIC_URL}/webhooks/inbound`,
    voice_method: 'POST',
    voice_fallback_url: `${PUBLIC_URL}/webhooks/inbound`,
    voice_fallback_method: 'POST',
    status_callback: `${PUBLIC_URL}/webhooks/call-status`,
    status_callback_method: 'POST',
  }

  async function findings(account: object, number: object) {
    const root = `/2010-04-01/Accounts/${ACCOUNT_SID}`
    const origin = await vendor({
      [`${root}.json`]: { ...ACCOUNT, ...account },
      [`${root}/IncomingPhoneNumbers.json`]: { incoming_phone_numbers: [{ ...VOICE, ...number }] },
    })
    return twilio(settings({ TWILIO_API_BASE_URL: origin }))
  }

  test.each<[name: string, account: object, number: object, finding: string, verdict: string, words: RegExp]>(
    [
      ['a trial account', { type: 'Trial' }, {}, 'twilio account', 'warn', /trial message/],
      ['a suspended account', { status: 'suspended' }, {}, 'twilio account', 'FAIL', /suspended/],
      [
        'a number for messages',
        {},
        { capabilities: { voice: false } },
        'twilio number',
        'FAIL',
        /cannot take voice/,
      ],
      ['a number on a trunk', {}, { trunk_sid: 'TK1' }, 'twilio voice URL', 'FAIL', /SIP trunk TK1/],
      [
        'a number of an app',
        {},
        { voice_application_sid: 'AP1' },
        'twilio voice URL',
        'FAIL',
        /TwiML App AP1/,
      ],
    ],
  )('%s', async (_name, account, number, name, verdict, words) => {
    const found = await findings(account, number)
    expect(verdicts(found)).toEqual({ ...ALL_WELL, [name]: verdict })
    expect(named(found, name).finding).toMatch(words)
  })

  test('a trunk is left to its owner, a TwiML App is taken off', async () => {
    expect(named(await findings({}, { trunk_sid: 'TK1' }), 'twilio voice URL').fix).toBeUndefined()
    expect(named(await findings({}, { voice_application_sid: 'AP1' }), 'twilio voice URL').fix).toBeDefined()
  })

  test('the TwiML App is taken off by an empty field', async () => {
    const bodies: string[] = []
    const { origin } = await serve(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      if (request.method === 'POST') bodies.push(body)
      const number = { ...VOICE, voice_application_sid: 'AP1' }
      const answer = request.url?.includes('IncomingPhoneNumbers.json')
        ? { incoming_phone_numbers: [number] }
        : request.method === 'POST'
          ? number
          : ACCOUNT
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
    const found = await twilio(settings({ TWILIO_API_BASE_URL: origin }), true)
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
      VoiceApplicationSid: '',
      VoiceMethod: 'POST',
      VoiceUrl: `${PUBLIC_URL}/webhooks/inbound`,
    })
    expect(named(found, 'twilio voice URL').mend).toMatch(/^--fix changed nothing/)
  })
})
