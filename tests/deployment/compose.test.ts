import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig, ROLES, SETTING_NAMES } from '../../src/config/config.ts'

/*
 * docker-compose.yml against what it promises: nothing floats, nobody is root, nothing that steers calls is published,
 * and the service is told only what it knows.
 */

type Compose = { services: Record<string, Container>; volumes: Record<string, unknown> }
type Container = {
  image: string
  build?: string
  user?: string
  entrypoint?: string[]
  command?: string[]
  environment?: Record<string, string | number | null>
  ports?: string[]
  networks?: string[]
  volumes?: string[]
  cap_drop?: string[]
  healthcheck: { test?: string[]; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
  stop_grace_period?: string
}

const ROOT = resolve(import.meta.dirname, '../..')
const { services, volumes } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), {
  merge: true,
}) as Compose
const all = Object.entries(services)
const { service, legs, freeswitch } = services as {
  service: Container
  legs: Container
  freeswitch: Container
}

/** As an operator without a `.env` gets them: `${NAME:-default}` is its default. */
const withDefaults = (text: string) => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1')

const published = all.flatMap(([name, { ports = [] }]) =>
  ports.map((port) => `${name} ${withDefaults(port).split(':').slice(1).join(':')}`),
)

/** Either the plugin or the program of its own, where one of them is installed; no daemon is needed. */
const compose = [
  ['docker', 'compose'],
  ['docker-compose', ''],
].find(([command = '', plugin]) => spawnSync(command, [plugin ?? '', 'version'].filter(Boolean)).status === 0)

test.skipIf(!compose)('is accepted by Docker Compose', { timeout: 30_000 }, () => {
  const [command = '', plugin = ''] = compose ?? []
  const { status, stderr } = spawnSync(command, [plugin, 'config', '--quiet'].filter(Boolean), {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
})

test('brings what the service needs', () => {
  expect(Object.keys(services).sort()).toEqual([
    'drachtio',
    'freeswitch',
    'legs',
    'objects',
    'passwords',
    'postgres',
    'service',
  ])
})

test.each(all)('%s has an image whose version cannot change', (_name, { image }) => {
  expect(image).toMatch(/^[\w./-]+:[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?$/)
})

test.each(all)(
  '%s is confined, and is not root if it stays',
  (_name, { user, build, cap_drop, healthcheck }) => {
    expect(cap_drop).toEqual(['ALL'])
    // What is built here names its user in the Dockerfile.
    if (!healthcheck.disable && !build) expect(user).toMatch(/^(postgres|[1-9]\d*:[1-9]\d*)$/)
  },
)

test('everybody who stays says how they are, and nobody starts before those they need are well', () => {
  const staying = all.filter(([, { healthcheck }]) => !healthcheck.disable)
  expect(staying.filter(([, { healthcheck }]) => !healthcheck.test?.length)).toEqual([])
  expect(all.length - staying.length).toBe(1)
  for (const [, { depends_on = {} }] of all) {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      const ends = services[needed]?.healthcheck.disable
      expect(condition).toBe(ends ? 'service_completed_successfully' : 'service_healthy')
    }
  }
})

describe('what is reachable from outside', () => {
  test('is HTTP, SIP and RTP, and nothing that steers calls or keeps data', () => {
    expect(published).toEqual([
      'service 3006:3006',
      'drachtio 5060:5060/udp',
      'drachtio 5060:5060/tcp',
      'drachtio 5061:5061/tcp',
      'drachtio 8443:8443/tcp',
      'freeswitch 25000-25399:25000-25399/udp',
    ])
  })

  test('is as wide for RTP as calls may need, and no wider', () => {
    const { FREESWITCH_RTP_START_PORT: first } = freeswitch.environment ?? {}
    const last = withDefaults(`${freeswitch.environment?.FREESWITCH_RTP_END_PORT}`)
    expect(published).toContain(`freeswitch ${first}-${last}:${first}-${last}/udp`)
    const portsOfACall = 2
    expect(Number(last) - Number(first) + 1).toBe(loadConfig({}).calls.maxConcurrent * portsOfACall)
  })

  test('does not share a network with the data', () => {
    const withData = all.filter(([, { networks = [] }]) => networks.includes('data')).map(([name]) => name)
    expect(withData.sort()).toEqual(['legs', 'objects', 'postgres', 'service'])
  })
})

/** What each container needs to know of the others. */
const SECRETS: Record<string, string[]> = {
  service: ['postgres', 'objects'],
  legs: ['postgres', 'drachtio', 'freeswitch'],
  postgres: ['postgres'],
  objects: ['objects'],
  drachtio: ['drachtio'],
  freeswitch: ['freeswitch'],
}

describe('passwords', () => {
  const mountsOf = ({ volumes = [] }: Container) =>
    volumes.filter((mount) => mount.startsWith('password')).map((mount) => mount.split(':'))

  test.each(Object.entries(SECRETS))('%s sees those that it needs, and no other', (name, needed) => {
    const mounts = mountsOf(services[name] as Container)
    expect(mounts).toEqual(needed.map((each) => [`password-${each}`, `/passwords/${each}`, 'ro']))
    const { command = [], entrypoint = [], environment = {}, healthcheck } = services[name] as Container
    const words = [
      ...command,
      ...entrypoint,
      ...(healthcheck.test ?? []),
      ...Object.values(environment),
    ].join('\n')
    const read = [...words.matchAll(/\/passwords\/(\w+)\/password\b/g)].map(([, each = '']) => each)
    expect([...new Set(read)].sort()).toEqual(needed.toSorted())
  })

  test('are all given out by one container that ends at once', () => {
    const { passwords, ...others } = services
    const given = mountsOf(passwords as Container).map(([volume]) => volume)
    expect(given).toEqual(['passwords', ...Object.keys(volumes).filter((name) => /^password-/.test(name))])
    expect(
      Object.values(others)
        .flatMap(mountsOf)
        .map(([volume]) => volume),
    ).not.toContain('passwords')
  })
})

describe.each([
  ['service', service, ['DRACHTIO_SECRET', 'FREESWITCH_SECRET']],
  ['legs', legs, ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']],
] as const)('what %s is told', (_name, { environment, entrypoint, command, stop_grace_period }, kept) => {
  const told = Object.entries(environment ?? {})
  /** What its start reads from the files of the passwords. */
  const exported = [...(entrypoint?.join('\n') ?? '').matchAll(/\b([A-Z][A-Z\d_]*)=/g)].map(
    ([, name = '']) => name,
  )

  test('are settings that it knows', () => {
    const names = [...told.map(([name]) => name), ...exported]
    expect(names.filter((name) => !SETTING_NAMES.some((known) => known === name))).toEqual([])
    expect(exported).toContain('DATABASE_URL')
  })

  test('are values that it takes, and hosts that are there', () => {
    const { sip } = configOf(environment, exported)
    expect(sip.enabled).toBe(true)
    expect(sip.freeswitch.servers.map(({ host }) => host)).toEqual(['freeswitch'])
    expect(Object.keys(services)).toContain(sip.drachtio.host)
  })

  test('are all that there are, from .env or the shell, but for what is the container’s own', () => {
    const own = ['DATA_DIR', 'HOST', 'NODE_ENV', 'PORT', 'ROLES']
    // Each container has its own address towards the database; one for both would lead to the wrong one. No container is
    // given another role's password.
    const left = ['NODE_URL', 'MIGRATION_DATABASE_URL', ...kept]
    expect(
      told
        .filter(([, value]) => value === '')
        .map(([name]) => name)
        .sort(),
    ).toEqual(kept)
    const passed = told.filter(([name, value]) => value === null || `${value}`.startsWith(`\${${name}:-`))
    expect(passed.map(([name]) => name).sort()).toEqual(
      SETTING_NAMES.filter((name) => ![...own, ...left].includes(name)).sort(),
    )
    expect(
      told
        .map(([name]) => name)
        .filter((name) => own.includes(name))
        .sort(),
    ).toEqual(own)
    const overwritten = exported.filter((name) => !entrypoint?.join('').includes(`${name}=$$\{${name}:-`))
    expect(overwritten).toEqual([])
  })

  test('leaves it the time to drain, however long that is', () => {
    const seconds = Number(/^(\d+)s$/.exec(stop_grace_period ?? '')?.[1])
    expect(() => loadConfig({ DRAIN_SECONDS: `${seconds}` })).toThrow('DRAIN_SECONDS')
  })

  test('begins with the heap of npm start', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const flags = scripts.start.split(' ').filter((word: string) => word.startsWith('--'))
    expect(command?.slice(1, -1)).toEqual(flags)
  })
})

test('the processes of the service have every role between them, and none twice', () => {
  const roles = [service, legs].flatMap(({ environment }) => configOf(environment).roles)
  expect(roles.sort()).toEqual([...ROLES].sort())
})

/** The settings as the service takes them, with a password wherever one is read from a file. */
function configOf(environment: Container['environment'] = {}, exported: string[] = ['S3_SECRET_ACCESS_KEY']) {
  const fixed = Object.entries(environment).flatMap(([name, value]) =>
    value === null ? [] : [[name, withDefaults(String(value))]],
  )
  const passwords = exported.map((name) => [name, 'postgres://anything-goes-for-a-password'])
  return loadConfig(Object.fromEntries([...passwords, ...fixed]))
}

test('no password is written down', () => {
  const secret = /(SECRET|PASSWORD|TOKEN|API_KEY)$/
  const written = all.flatMap(([name, { environment = {} }]) =>
    Object.entries(environment)
      .filter(([key, value]) => secret.test(key) && value !== null && value !== '')
      .map(([key]) => `${name} ${key}`),
  )
  expect(written).toEqual([])
})

test('what is mounted is there', () => {
  const mounted = all
    .flatMap(([, container]) => container.volumes ?? [])
    .map((mount) => withDefaults(mount).split(':')[0] ?? '')
  const folders = mounted.filter((source) => source.startsWith('.'))
  expect(folders.filter((folder) => !existsSync(join(ROOT, folder)))).toEqual([])
  expect(mounted.filter((source) => !source.startsWith('.') && !(source in volumes))).toEqual([])
})
