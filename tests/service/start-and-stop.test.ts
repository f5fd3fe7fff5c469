import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../src/runtime/free-port.ts'
import { until } from '../support/until.ts'

/* Starting and stopping as operators do: `npm start` in a group of its own, in folders and for users as they have them. */

const ROOT = resolve(import.meta.dirname, '../..')
const LONG = 110_000

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'Prüf stand-'))
  await chmod(folder, 0o755)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

type Started = { child: ChildProcess; origin: string; text: () => string; exited: Promise<number | null> }

/** Resolves when calls can be taken. */
async function start(options: {
  command?: string[]
  cwd?: string
  env?: Record<string, string>
  uid?: number
  host?: string
}): Promise<Started> {
  const {
    command = [process.execPath, 'src/main.ts'],
    cwd = ROOT,
    env = {},
    uid,
    host = '127.0.0.1',
  } = options
  const port = await freePort()
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd,
    detached: true,
    ...(uid && { uid, gid: uid }),
    env: {
      PATH,
      NODE_COMPILE_CACHE: uid ? '' : NODE_COMPILE_CACHE,
      HOME: folder,
      LOG_LEVEL: 'warn',
      PORT: `${port}`,
      HOST: host,
      DATA_DIR: join(folder, 'data'),
      ...env,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data))
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
  })
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const isWell = () =>
    fetch(`${origin}/health`).then(
      ({ status }) => status === 200,
      () => child.exitCode !== null,
    )
  await until('the service takes calls', isWell, () => output, LONG)
  return { child, origin, text: () => output, exited }
}

const isDatabaseRunning = async (data = join(folder, 'data')) =>
  (await readdir(join(data, 'postgres/cluster')).catch(() => [] as string[])).includes('postmaster.pid')

/** A test call through the demo's own carrier; resolves with what the command prints. */
async function testCall(env: Record<string, string>): Promise<string> {
  const { PATH = '' } = process.env
  const call = spawn(process.execPath, ['src/call.ts', '--seconds', '12', '--from', '+15550109999'], {
    cwd: ROOT,
    env: { PATH, ...env },
  })
  let output = ''
  for (const stream of [call.stdout, call.stderr]) stream.on('data', (data) => (output += data))
  await once(call, 'exit')
  return output
}

test('npm start ends in order when its whole group is signalled, and its output is no longer read', {
  timeout: LONG,
}, async () => {
  const { child, text, exited } = await start({ command: ['npm', 'start'] })
  await until('it says where the console is', () => text().includes('Open the console'))
  expect(await isDatabaseRunning()).toBe(true)
  child.stdout?.destroy()
  child.stderr?.destroy()
  process.kill(-(child.pid ?? 0), 'SIGINT')
  expect(await exited).toBe(0)
  expect(await isDatabaseRunning()).toBe(false)
})

test('a start that is cut off leaves no database behind', { timeout: LONG }, async () => {
  const env = { TWILIO_AUTH_TOKEN: 't' }
  const starting = start({ env })
  await until(
    'the database runs',
    () => isDatabaseRunning(),
    () => '',
    LONG,
  )
  await until(
    'the start is over',
    () =>
      starting.then(
        () => true,
        () => true,
      ),
    () => '',
    LONG,
  )
  const { child, exited } = await starting
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  expect(await isDatabaseRunning()).toBe(false)
})

test('a folder with a space and an umlaut, and a user without a name, are no hindrance', {
  timeout: LONG,
}, async () => {
  const checkout = join(folder, 'Mein Dienst ä')
  await mkdir(checkout)
  for (const name of ['src', 'machines', 'migrations', 'package.json'])
    await cp(join(ROOT, name), join(checkout, name), { recursive: true })
  for (const name of ['node_modules', 'dist'])
    await symlink(join(ROOT, name), join(checkout, name)).catch(() => {})
  const isRoot = process.getuid?.() === 0
  const uid = 54_321
  await mkdir(join(folder, 'data'))
  if (isRoot) await chown(join(folder, 'data'), uid, uid)
  const { origin, exited, child } = await start({ cwd: checkout, ...(isRoot && { uid }) })
  const { database } = (await (await fetch(`${origin}/health`)).json()) as { database: string }
  expect(database).toBe('ok')
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test('on the loopback address of IPv6 the demo’s calls come through', { timeout: LONG }, async () => {
  const { origin, child, exited } = await start({ host: '::1', env: { GREETING_MESSAGE: 'Hello.' } })
  const data = join(folder, 'data')
  // It answers a moment before it has left its address.
  const left = () => readFile(join(data, 'origin'), 'utf8').catch(() => null)
  expect(await until('its address is there', left, () => '', LONG)).toBe(`${origin}\n`)
  expect(await testCall({ DATA_DIR: data })).toContain('The caller was joined to the voice agent after')
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test('two instances of one folder do not take each other’s address', { timeout: LONG }, async () => {
  const file = join(folder, 'data/origin')
  const env = { TWILIO_AUTH_TOKEN: 't', DRAIN_SECONDS: '1' }
  const first = await start({ env })
  const second = await start({ env })
  await until('the second has left word', async () => (await readFile(file, 'utf8')) === `${second.origin}\n`)
  second.child.kill('SIGTERM')
  expect(await second.exited).toBe(0)
  expect(await readFile(file, 'utf8')).toBe(`${first.origin}\n`)
  first.child.kill('SIGTERM')
  expect(await first.exited).toBe(0)
  await expect(readFile(file, 'utf8')).rejects.toThrow('ENOENT')
})

test.each([
  ['--help', 0, /^Starts the service\./],
  ['--verbose', 2, /^Unknown option '--verbose'[\s\S]*npm start/],
])('%s starts nothing', async (option, status, words) => {
  const child = spawn(process.execPath, ['src/main.ts', option], {
    cwd: ROOT,
    env: { DATA_DIR: join(folder, 'data') },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  const [code] = await once(child, 'close')
  expect(code).toBe(status)
  expect(output).toMatch(words)
  expect(await readdir(folder)).toEqual([])
})
