import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { runDoctor } from '../../src/doctor/doctor.ts'
import { hideSecrets, secretsOf } from '../../src/doctor/secrets.ts'
import { readText } from '../support/markdown-tables.ts'
import { serve } from './examine.ts'

async function doctor(env: Record<string, string>, fix = false) {
  const lines: string[] = []
  const isWell = await runDoctor({ env: () => env, fix, print: (line) => lines.push(line) })
  return { isWell, lines }
}

/** Of every kind, and one that must be escaped in an URL. */
const SECRETS = {
  ADMIN_API_KEY: 'secret-of-the-admin-key',
  ELEVENLABS_API_KEY: 'secret-of-elevenlabs',
  ELEVENLABS_WEBHOOK_SECRET: 'secret-of-the-webhook',
  OPENAI_API_KEY: 'secret-of-openai',
  TWILIO_AUTH_TOKEN: 'secret-of-twilio',
  DRACHTIO_SECRET: 'secret-of-drachtio',
  FREESWITCH_SECRET: 'secret-of-freeswitch',
  S3_ACCESS_KEY_ID: 'secret-of-s3-id',
  S3_SECRET_ACCESS_KEY: 'secret-of-s3',
}
const PASSWORD = 'secret/of the@database'

test('without a key everything is simulated, and nothing FAILs', async () => {
  const { isWell, lines } = await doctor({ DATABASE_URL: inject('postgresUrl') })
  expect(isWell).toBe(true)
  expect(lines.filter((line) => line.startsWith('skip')).map((line) => line.slice(32, 41))).toEqual([
    'simulated',
    'simulated',
    'no agent ',
    'simulated',
    'PUBLIC_UR',
    'ENABLE_SI',
  ])
  expect(lines.at(-1)).toBe('6 ok, 0 warn, 0 FAIL, 6 skip')
})

test('docs/doctor.md shows what is printed without a key, the database aside', async () => {
  const { lines } = await doctor({ DATABASE_URL: inject('postgresUrl') })
  const [sample = ''] = readText('docs/doctor.md').split('```\n').slice(1)
  const withoutDatabase = (all: string[]) =>
    all.map((line) => (line.includes(' database ') ? line.slice(0, 32) : line))
  expect(withoutDatabase(sample.trimEnd().split('\n'))).toEqual(withoutDatabase(lines))
})

test('with wrong settings nothing else is looked at', async () => {
  const { isWell, lines } = await doctor({ PORT: 'x', HOST: 'y', DRAIN_SECONDS: '-1' })
  expect(isWell).toBe(false)
  expect(lines.map((line) => line.slice(0, 4))).toEqual(['FAIL', 'FAIL', 'skip', '0 ok'])
})

describe('secrets', () => {
  test('are all known', () => {
    const url = `postgres://user:${encodeURIComponent(PASSWORD)}@db/app`
    const known = secretsOf(loadConfig({ ...SECRETS, DATABASE_URL: url }))
    for (const secret of [...Object.values(SECRETS), PASSWORD]) expect(known).toContain(secret)
    const repeated = `${url} ${PASSWORD} ${Object.values(SECRETS).join(' ')}`
    expect(hideSecrets(repeated, known)).not.toContain('secret')
    expect(secretsOf(loadConfig({ SIP_USERS: 'ann:melon,bob:grape' }))).toEqual(['melon', 'grape'])
  })

  test('that are but a letter or two are not sought in every word', () => {
    expect(secretsOf(loadConfig({ ADMIN_API_KEY: 'a' }))).toEqual([])
  })

  test('are not printed, though every vendor repeats what it was given', async () => {
    const { origin } = await serve(async (request, response) => {
      const { authorization = '' } = request.headers
      const given = [request.headers['xi-api-key'], Buffer.from(authorization.slice(6), 'base64')].join(' ')
      response.writeHead(401, { 'content-type': 'application/json' })
      const message = `wrong: ${given} ${authorization}`
      response.end(JSON.stringify({ detail: { message }, message, error: { message } }))
    })
    const { isWell, lines } = await doctor({
      ...SECRETS,
      ELEVENLABS_AGENT_ID: 'agent_1',
      ELEVENLABS_BASE_URL: origin,
      OPENAI_BASE_URL: origin,
      TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
      TWILIO_API_BASE_URL: origin,
      PUBLIC_URL: origin,
      DATABASE_URL: inject('postgresUrl').replace(/:[^:@]+@/, `:${encodeURIComponent(PASSWORD)}@`),
    })
    const output = lines.join('\n')
    expect(isWell).toBe(false)
    expect(output).toContain('wrong: (hidden)')
    expect(output).not.toMatch(/secret[-/%]/)
    expect(lines.filter((line) => line.startsWith('FAIL'))).toHaveLength(6)
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^(ok {4}|warn {2}|FAIL {2}|skip {2})\S/)
  })
})

describe('npm run doctor', () => {
  const MAIN = resolve(import.meta.dirname, '../../src/doctor/main.ts')

  async function command(dotEnv: string, ...args: string[]): Promise<{ code: number; output: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'precall-doctor-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, '.env'), dotEnv)
    return new Promise((done) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH } }
      execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
      )
    })
  }

  test('exits with 0 when nothing FAILs, and reads .env', async () => {
    const { code, output } = await command(`DATABASE_URL=${inject('postgresUrl')}\n`)
    expect(output).toMatch(/^ok {4}settings {18}valid, 1 of /)
    expect(code).toBe(0)
  })

  test('exits with 1 when something FAILs', async () => {
    const { code, output } = await command('PORT=no-port\n', '--fix')
    expect(output).toMatch(/^FAIL {2}settings {18}PORT: found "no-port"/)
    expect(code).toBe(1)
  })
})
