import { describe, expect, test } from 'vitest'
import { SETTING_NAMES } from '../../src/config/config.ts'
import { misspeltSettings } from '../../src/config/unknown-settings.ts'

const SECRET = 'a value that must not be told'
const inFile = (name: string) => misspeltSettings({ file: { [name]: SECRET }, shell: {} })
const inShell = (name: string) => misspeltSettings({ file: {}, shell: { [name]: SECRET } })

describe('a name that is no setting', () => {
  test.each([
    ['ELEVENLAB_API_KEY', 'ELEVENLABS_API_KEY'],
    ['ELEVENLABS_APIKEY', 'ELEVENLABS_API_KEY'],
    ['ELEVENLABS_KEY', 'ELEVENLABS_API_KEY'],
    ['ELEVENLABS_AGENTID', 'ELEVENLABS_AGENT_ID'],
    ['TWILIO_ACOUNT_SID', 'TWILIO_ACCOUNT_SID'],
    ['TWILIO_TOKEN', 'TWILIO_AUTH_TOKEN'],
    ['TWILIO_PHONE', 'TWILIO_PHONE_NUMBER'],
    ['twilio_auth_token', 'TWILIO_AUTH_TOKEN'],
    ['PUBILC_URL', 'PUBLIC_URL'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['POLL_INTERVAL', 'POLL_INTERVAL_SECONDS'],
    ['MAX_CONCURENT_CALLS', 'MAX_CONCURRENT_CALLS'],
  ])('%s is told of wherever it is, with %s that was meant', (name, known) => {
    expect(inFile(name)).toEqual([
      `${name} in .env is not read, for no setting has that name: did you mean ${known}?`,
    ])
    expect(inShell(name)).toEqual([expect.stringMatching(`^${name} in the environment .* mean ${known}\\?$`)])
  })

  test('that is short is told of in .env, with the one that was meant, and not in the environment', () => {
    expect(inFile('PROT')).toEqual([expect.stringMatching(/did you mean PORT\?$/)])
    expect(inShell('PROT')).toEqual([])
  })

  test.each(['COLOUR', 'POSTGRES_PASSWORD', 'SMTP_HOST'])('%s is told of in .env alone', (name) => {
    expect(inFile(name)).toEqual([`${name} in .env is not read, for no setting has that name`])
    expect(inShell(name)).toEqual([])
  })

  test('that is in both places is told of once', () => {
    const found = { ELEVENLAB_API_KEY: SECRET }
    expect(misspeltSettings({ file: found, shell: found })).toHaveLength(1)
  })
})

describe('nothing is said of', () => {
  test('settings', () => {
    const all = Object.fromEntries(SETTING_NAMES.map((name) => [name, SECRET]))
    expect(misspeltSettings({ file: all, shell: all })).toEqual([])
  })

  test.each([
    'PATH',
    'HOME',
    'HOSTNAME',
    'LOGNAME',
    'USER',
    'PWD',
    'SHLVL',
    'TERM',
    'LANG',
    'EDITOR',
    'DISPLAY',
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_EXTRA_CA_CERTS',
    'NODE_COMPILE_CACHE',
    'npm_config_cache',
    'npm_package_version',
    'OPENAI_ORG_ID',
    'S3_FORCE_PATH_STYLE',
    'PGHOST',
    'DATABASE_HOST',
    'LOG_FORMAT',
    'KUBERNETES_SERVICE_HOST',
    'KUBERNETES_PORT',
    'HTTP_PROXY',
    'DEBUG',
    'TZ',
    'CI',
    'VITEST',
    'PORT1',
  ])('what other programs read: %s', (name) => {
    expect(inShell(name)).toEqual([])
  })

  test('any value', () => {
    expect(JSON.stringify([inFile('ELEVENLAB_API_KEY'), inShell('TWILIO_TOKEN')])).not.toContain(SECRET)
  })
})
