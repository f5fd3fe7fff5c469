import { describe, expect, test } from 'vitest'
import { examineSettings } from '../../src/doctor/settings.ts'

const REAL_TWILIO = { TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'the-token' }
const PUBLIC = { PUBLIC_URL: 'https://voice.example.com' }

const findingsOf = (env: Record<string, string>) => examineSettings(() => env).findings
const warnings = (env: Record<string, string>) => findingsOf(env).filter(({ verdict }) => verdict === 'warn')

test('settings that are in order say how many are set', () => {
  expect(findingsOf({})).toEqual([
    { name: 'settings', verdict: 'ok', finding: expect.stringMatching(/^valid, 0 of \d+ set$/) },
  ])
  expect(findingsOf({ ...REAL_TWILIO, ...PUBLIC })[0]?.finding).toMatch(/^valid, 3 of/)
})

test('names that no setting has are warned about, also where something is wrong', () => {
  const misspelt = () => ['PROT in .env is not read']
  const warning = { name: 'settings', verdict: 'warn', finding: 'PROT in .env is not read' }
  for (const env of [{}, { PORT: 'x' }])
    expect(examineSettings(() => env, misspelt).findings.at(-1)).toMatchObject(warning)
})

test('every fault is a line of its own, and no secret is in it', () => {
  const { config, findings } = examineSettings(() => ({
    PORT: 'http',
    DATABASE_URL: 'mysql://user:hunter2@db/app',
    TELEPHONY_PROVIDER: 'pigeon',
  }))
  expect(config).toBeNull()
  expect(findings.map(({ verdict, finding }) => `${verdict} ${finding.split(':')[0]}`)).toEqual([
    'FAIL PORT',
    'FAIL DATABASE_URL',
    'FAIL TELEPHONY_PROVIDER',
  ])
  expect(JSON.stringify(findings)).not.toContain('hunter2')
  for (const { mend } of findings) expect(mend).toContain('.env')
})

test('a .env that cannot be read is a finding', () => {
  const { config, findings } = examineSettings(() => {
    throw new Error('EACCES: permission denied')
  })
  expect(config).toBeNull()
  expect(findings).toMatchObject([{ verdict: 'FAIL', finding: expect.stringContaining('EACCES') }])
})

describe('what can hardly be meant', () => {
  test.each<[name: string, env: Record<string, string>, finding: RegExp]>([
    ['no PUBLIC_URL', REAL_TWILIO, /^PUBLIC_URL is not set/],
    [
      'a PUBLIC_URL without TLS',
      { ...REAL_TWILIO, PUBLIC_URL: 'http://voice.example.com' },
      /^PUBLIC_URL is http/,
    ],
    [
      'no signature check with a real carrier',
      { ...REAL_TWILIO, ...PUBLIC, SKIP_WEBHOOK_SIGNATURE_VALIDATION: 'true' },
      /^SKIP_WEBHOOK_SIGNATURE_VALIDATION is true/,
    ],
    [
      'no signature check with a simulated carrier',
      { SKIP_WEBHOOK_SIGNATURE_VALIDATION: 'true' },
      /^SKIP_WEBHOOK_SIGNATURE_VALIDATION is true/,
    ],
    ['a short admin key', { ADMIN_API_KEY: 'letmein' }, /^ADMIN_API_KEY is short/],
    ['an admin key of few letters', { ADMIN_API_KEY: 'abcabcabcabcabcabc' }, /^ADMIN_API_KEY is weak/],
    ['no agent', { ELEVENLABS_API_KEY: 'sk_something' }, /^ELEVENLABS_AGENT_ID is not set/],
  ])('%s', (_name, env, finding) => {
    const found = warnings(env)
    expect(found).toHaveLength(1)
    expect(found[0]?.finding).toMatch(finding)
    expect(found[0]?.mend).toMatch(/, in \.env or in the environment/)
  })

  test.each<[name: string, env: Record<string, string>]>([
    ['no PUBLIC_URL with a simulated carrier', {}],
    ['http with a simulated carrier', { PUBLIC_URL: 'http://127.0.0.1:3006' }],
    ['a good admin key', { ADMIN_API_KEY: 'q7Gv0pXw2LkZt9Rb4NcYs8' }],
    ['a real carrier behind https', { ...REAL_TWILIO, ...PUBLIC }],
  ])('but not %s', (_name, env) => {
    expect(warnings(env)).toEqual([])
  })
})
