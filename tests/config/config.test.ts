import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { ConfigError, loadConfig, SETTING_NAMES } from '../../src/config/config.ts'
import { configWarnings, warningLine } from '../../src/config/config-warnings.ts'

function faultsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

describe('defaults', () => {
  it('needs nothing to be set', () => {
    const config = loadConfig({})
    expect(config.http).toEqual({ host: '127.0.0.1', port: 3006, publicUrl: null, trustProxy: false })
    expect(config.calls.cloneMaxWaitMs).toBe(35_000)
    expect(config.calls.pollIntervalMs).toBe(2_000)
    expect(config.voices.voiceCacheTtlMs).toBe(86_400_000)
    expect(config.drainMs).toBe(30_000)
    expect([config.carrier, config.agentVendor]).toEqual(['simulated', 'simulated'])
  })

  it('counts empty and blank values as not set', () => {
    expect(loadConfig({ PORT: '', PUBLIC_URL: '  ', ELEVENLABS_API_KEY: ' ' })).toEqual(loadConfig({}))
  })

  it('is frozen all the way down', () => {
    const config = loadConfig({ ALLOWED_IPS: '10.0.0.0/8' })
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.admin.allowedIps)).toBe(true)
    expect(Object.isFrozen(config.sip.freeswitch.servers[0])).toBe(true)
  })
})

describe('.env.example', () => {
  const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
  const uncommented = example.replace(/^#(?=[A-Z0-9_]+=)/gm, '')

  it('lists every setting and no other', () => {
    expect(Object.keys(parseEnv(uncommented)).sort()).toEqual([...SETTING_NAMES].sort())
  })

  it('shows the defaults', () => {
    expect(loadConfig(parseEnv(uncommented))).toEqual(loadConfig({}))
  })
})

describe('values', () => {
  test.each([
    ['false', false],
    ['true', true],
    ['2', 2],
    ['loopback, 10.0.0.0/8', ['loopback', '10.0.0.0/8']],
  ])('TRUST_PROXY=%s', (value, expected) => {
    expect(loadConfig({ TRUST_PROXY: value }).http.trustProxy).toEqual(expected)
  })

  test.each(['true', 'TRUE', '1', 'yes'])('a switch is on with %s', (value) => {
    expect(loadConfig({ RECORD_CALLS: value }).recordings.enabled).toBe(true)
  })

  test.each(['false', '0', 'no'])('a switch is off with %s', (value) => {
    expect(loadConfig({ GREETING_MUSIC_ENABLED: value }).greeting.musicEnabled).toBe(false)
  })

  it('takes fractions of seconds and hours', () => {
    const config = loadConfig({ POLL_INTERVAL_SECONDS: '0.25', VOICE_CACHE_TTL_HOURS: '0.5' })
    expect(config.calls.pollIntervalMs).toBe(250)
    expect(config.voices.voiceCacheTtlMs).toBe(1_800_000)
  })

  it('drops the slash at the end of an origin', () => {
    expect(loadConfig({ PUBLIC_URL: 'https://voice.example.com/' }).http.publicUrl).toBe(
      'https://voice.example.com',
    )
  })

  it('makes CIDRs of bare addresses', () => {
    expect(loadConfig({ ALLOWED_IPS: '10.0.0.0/8, 192.0.2.1,::1' }).admin.allowedIps).toEqual([
      '10.0.0.0/8',
      '192.0.2.1/32',
      '::1/128',
    ])
  })

  it('gives FreeSWITCH servers without a port the common one', () => {
    expect(loadConfig({ FREESWITCH_HOST: 'a:1, b' }).sip.freeswitch.servers).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 8021 },
    ])
  })

  it('plays every part unless it is told otherwise, each once', () => {
    expect(loadConfig({}).roles).toEqual(['web', 'media', 'sip', 'worker'])
    expect(loadConfig({ ROLES: 'sip, media,sip' }).roles).toEqual(['sip', 'media'])
  })

  it('tells the users of SIP from their numbers and their passwords, which may have colons', () => {
    expect(loadConfig({ SIP_USERS: 'alice:a:b, bob=+15550040001:c' }).sip.users).toEqual([
      { name: 'alice', number: null, password: 'a:b' },
      { name: 'bob', number: '+15550040001', password: 'c' },
    ])
  })

  it('hands the servers that help browsers on as browsers take them', () => {
    const servers = [
      { urls: 'stun:stun.example.com' },
      {
        urls: ['turn:t.example.com:3478', 'turns:t.example.com:443?transport=tcp'],
        username: 'u',
        credential: 'c',
      },
    ]
    const origins = 'https://www.example.com, http://localhost:8080'
    const { browser } = loadConfig({ ICE_SERVERS: JSON.stringify(servers), PHONE_EMBED_ORIGINS: origins }).sip
    expect(browser).toEqual({
      url: null,
      iceServers: servers,
      embedOrigins: ['https://www.example.com', 'http://localhost:8080'],
    })
  })

  it('uses the real carrier once there is a token, with or without an account', () => {
    expect(loadConfig({ TWILIO_AUTH_TOKEN: 't' }).carrier).toBe('real')
    expect(loadConfig({ TWILIO_ACCOUNT_SID: 'AC12', TWILIO_AUTH_TOKEN: 't' }).carrier).toBe('real')
  })

  it('uses the real agent once there is a key', () => {
    expect(loadConfig({ ELEVENLABS_API_KEY: 'k' }).agentVendor).toBe('real')
  })
})

describe('faults', () => {
  test.each([
    ['PORT', '65536'],
    ['PORT', '30.5'],
    ['PUBLIC_URL', 'https://voice.example.com/path'],
    ['PUBLIC_URL', 'ftp://voice.example.com'],
    ['PUBLIC_URL', 'voice.example.com'],
    ['TRUST_PROXY', 'everyone'],
    ['ALLOWED_IPS', '10.0.0.0/33'],
    ['ALLOWED_IPS', 'localhost'],
    ['ROLES', 'web,phone'],
    ['SIP_WSS_URL', 'https://sip.example.com'],
    ['PHONE_EMBED_ORIGINS', 'https://www.example.com/page'],
    ['ROLES', ','],
    ['SIP_TRUNKS', 'trunk.example.com'],
    ['SIP_NUMBERS', '+1555@trunk'],
    ['POLL_INTERVAL_SECONDS', '0'],
    ['POLL_INTERVAL_SECONDS', '-1'],
    ['CLONE_MAX_WAIT_SECONDS', 'Infinity'],
    ['MAX_CONCURRENT_CALLS', '1.5'],
    ['SIP_TRAFFIC_PERCENT', '101'],
    ['TELEPHONY_PROVIDER', 'pigeon'],
    ['RECORD_CALLS', 'maybe'],
    ['TWILIO_PHONE_NUMBER', '5551234567'],
    ['LOG_LEVEL', 'loud'],
    ['FREESWITCH_HOST', 'a:b:c'],
    ['GREETING_MUSIC_URL', 'file:///etc/passwd'],
  ])('%s=%s is one line with name, what was found and what is allowed', (name, value) => {
    const faults = faultsOf({ [name]: value })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(new RegExp(`^${name}: found "`))
    expect(faults[0]).toContain(JSON.stringify(value))
    expect(faults[0]).toContain(', allowed: ')
  })

  it.each(['stun:stun.example.com', '[]', '[{"urls":"https://turn.example.com"}]'])(
    'ICE_SERVERS=%s is not repeated, since it may hold a password',
    (value) => {
      const [fault] = faultsOf({ ICE_SERVERS: value })
      expect(fault).toMatch(/^ICE_SERVERS: found \(hidden\).*, allowed: JSON like /)
    },
  )

  it('tells all faults at once, those between settings too', () => {
    const names = faultsOf({ PORT: 'x', LOG_LEVEL: 'y', TWILIO_ACCOUNT_SID: 'AC1' }).map(
      (line) => line.split(':')[0],
    )
    expect(names.sort()).toEqual(['LOG_LEVEL', 'PORT', 'TWILIO_AUTH_TOKEN'])
  })

  it('refuses unchecked signatures in production only', () => {
    const skip = { SKIP_WEBHOOK_SIGNATURE_VALIDATION: 'true' }
    expect(faultsOf(skip)).toEqual([])
    expect(faultsOf({ ...skip, NODE_ENV: 'production' })).toHaveLength(1)
  })

  it('refuses an account without its token', () => {
    expect(faultsOf({ TWILIO_ACCOUNT_SID: 'AC1' })[0]).toMatch(/^TWILIO_AUTH_TOKEN: found nothing/)
  })

  it('refuses the s3 store without a bucket', () => {
    expect(faultsOf({ RECORDING_STORE: 's3' })[0]).toMatch(/^S3_BUCKET: found nothing/)
  })

  it('never shows a secret', () => {
    const secret = 's3cr3t'
    const message = faultsOf({
      DATABASE_URL: `mysql://user:${secret}@host/database`,
      PUBLIC_URL: `https://user:${secret}@voice.example.com/path`,
      S3_ACCESS_KEY_ID: secret,
      RECORDING_STORE: 'tape',
    }).join('\n')
    expect(message).toContain('DATABASE_URL: found (hidden)')
    expect(message).not.toContain(secret)
  })
})

/** Whoever sets all of this is warned of nothing. */
const SIP = {
  ENABLE_SIP_HANDLER: 'true',
  SIP_TRUNKS: '192.0.2.0/24',
  DRACHTIO_SECRET: 'd',
  FREESWITCH_SECRET: 'f',
}

describe('warnings', () => {
  const PUBLIC_URL = 'https://voice.example.com'

  it('says nothing about the demo, and about SIP that is well set up', () => {
    expect(configWarnings(loadConfig({}))).toEqual([])
    expect(configWarnings(loadConfig({ ...SIP, SIP_USERS: 'ann:5f3759df5f3759df' }))).toEqual([])
  })

  test.each([
    [{ ELEVENLABS_API_KEY: 'k' }, 'ELEVENLABS_AGENT_ID'],
    [{ TWILIO_AUTH_TOKEN: 't', PUBLIC_URL }, 'TWILIO_ACCOUNT_SID'],
    [{ TWILIO_AUTH_TOKEN: 't', TWILIO_ACCOUNT_SID: 'AC1' }, 'PUBLIC_URL'],
    [
      {
        TWILIO_AUTH_TOKEN: 't',
        TWILIO_ACCOUNT_SID: 'AC1',
        PUBLIC_URL,
        SKIP_WEBHOOK_SIGNATURE_VALIDATION: 'true',
      },
      'SKIP_WEBHOOK_SIGNATURE_VALIDATION',
    ],
    [{ ...SIP, SIP_TRUNKS: '' }, 'SIP_TRUNKS'],
    [{ ...SIP, DRACHTIO_SECRET: '' }, 'DRACHTIO_SECRET'],
    [{ ...SIP, FREESWITCH_SECRET: '' }, 'FREESWITCH_SECRET'],
    [{ ...SIP, SIP_TRUNKS: '192.0.2.0/24,0.0.0.0/0' }, 'SIP_TRUNKS'],
    [{ ...SIP, SIP_TRUNKS: '::/0' }, 'SIP_TRUNKS'],
    [{ ...SIP, SIP_USERS: 'ann:5f3759df5f3759df,bob:1234' }, 'SIP_USERS'],
    [{ ...SIP, SIP_USERS: 'telephone:telephone-1' }, 'SIP_USERS'],
    [{ ...SIP, DRACHTIO_SECRET: 'cymru' }, 'DRACHTIO_SECRET'],
    [{ ...SIP, FREESWITCH_SECRET: 'ClueCon' }, 'FREESWITCH_SECRET'],
    [{ RECORD_CALLS: 'true' }, 'RECORD_CALLS'],
    [{ TWILIO_AUTH_TOKEN: 't', TWILIO_ACCOUNT_SID: 'AC1', PUBLIC_URL: 'http://a.example' }, 'PUBLIC_URL'],
    [{ ADMIN_API_KEY: 'short' }, 'ADMIN_API_KEY'],
    [{ ADMIN_API_KEY: 'abababababababababab' }, 'ADMIN_API_KEY'],
  ])('%j', (env, name) => {
    const warnings = configWarnings(loadConfig(env))
    expect(warnings.map((warning) => warning.name)).toEqual([name])
    expect(warnings.map(warningLine)[0]).toMatch(/^[A-Z_]+ .+; .+/)
  })

  test.each([
    ['OPENAI_REALTIME_MODEL', 'gpt-realtime', '2027-01-20'],
    ['OPENAI_TRANSCRIBE_MODEL', 'whisper-1', '2027-02-26'],
  ])('%s=%s is warned of for 90 days before its end, and afterwards', (name, model, day) => {
    const config = loadConfig({ OPENAI_API_KEY: 'k', [name]: model })
    const warnedOn = (days: number) =>
      configWarnings(config, new Date(Date.parse(day) + days * 86_400_000)).map(warningLine)
    expect(warnedOn(-91)).toEqual([])
    for (const days of [-90, 0, 30])
      expect(warnedOn(days)).toEqual([expect.stringMatching(`^${name} is ${model}, which ends on ${day}`)])
    expect(configWarnings(loadConfig({ [name]: model }), new Date(day))).toEqual([])
  })
})

describe('who reaches the service', () => {
  it.each([
    [{}, '127.0.0.1'],
    [{ HOST: '0.0.0.0' }, '0.0.0.0'],
    [{ ELEVENLABS_API_KEY: 'key' }, '0.0.0.0'],
    [{ TWILIO_AUTH_TOKEN: 'token' }, '0.0.0.0'],
    [{ ENABLE_SIP_HANDLER: 'true' }, '0.0.0.0'],
  ])('with %j it listens on %s', (settings, host) => {
    expect(loadConfig(settings).http.host).toBe(host)
  })

  it('a key that anybody guesses does not start in production', () => {
    const weak = { ADMIN_API_KEY: 'a', NODE_ENV: 'production' }
    expect(() => loadConfig(weak)).toThrow(/ADMIN_API_KEY.*at least 16 characters/)
    expect(loadConfig({ ...weak, NODE_ENV: 'development' }).admin.apiKey).toBe('a')
    expect(loadConfig({ ...weak, ADMIN_API_KEY: '0123456789abcdef' }).admin.apiKey).toHaveLength(16)
  })

  it.each([
    [{ TRUST_PROXY: 'true' }, 'TRUST_PROXY'],
    [{ TRUST_PROXY: '1', HOST: '0.0.0.0' }, 'TRUST_PROXY'],
    [{ ALLOWED_IPS: '10.0.0.0/8', PUBLIC_URL: 'https://calls.example.com' }, 'ALLOWED_IPS'],
  ])('%j lets addresses be forged, and is warned of', (settings, name) => {
    expect(configWarnings(loadConfig(settings)).map((warning) => warning.name)).toContain(name)
  })

  it.each([
    { TRUST_PROXY: '10.0.0.1', ALLOWED_IPS: '10.0.0.0/8', PUBLIC_URL: 'https://calls.example.com' },
    { TRUST_PROXY: '1', HOST: '127.0.0.1' },
  ])('%j does not', (settings) => {
    const names = configWarnings(loadConfig(settings)).map((warning) => warning.name)
    expect(names.filter((name) => ['TRUST_PROXY', 'ALLOWED_IPS'].includes(name))).toEqual([])
  })
})
