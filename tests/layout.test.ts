import { execFileSync } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import { afterAll, describe, expect, test } from 'vitest'

/*
 * Keeps the shape of the repository: who may import whom, how files are named and how long they may get, and what must
 * not be written in any of them.
 */

const ROOT = resolve(import.meta.dirname, '..')

/** The whole of the top level, besides dot files. */
const TOP_LEVEL = [
  'src',
  'machines',
  'freeswitch-config',
  'migrations',
  'tests',
  'docs',
  'README.md',
  'Dockerfile',
  'docker-compose.yml',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'biome.json',
  'vite.config.ts',
  'vitest.config.ts',
]

/** Names that say where something was put, not what it is. */
const EMPTY_NAMES = ['util', 'utils', 'helper', 'helpers', 'manager', 'common', 'index', 'misc', 'lib']

const MOST_LINES = 400

/** What git keeps; where there is no git, what would be kept. */
function trackedFiles(): string[] {
  try {
    const listed = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })
    return listed.split('\0').filter((file) => file && existsSync(join(ROOT, file)))
  } catch {
    const kept = [
      '.*',
      '*',
      ...TOP_LEVEL.filter((name) => !name.includes('.')).map((folder) => `${folder}/**`),
    ]
    return globSync(kept, {
      cwd: ROOT,
      exclude: ['.git', '.env', 'node_modules', 'data', 'dist', 'coverage', '*.log'],
    }).filter((file) => statSync(join(ROOT, file)).isFile())
  }
}

const tracked = trackedFiles()
const code = tracked.filter((file) => /\.(ts|tsx|cjs|css)$/.test(file))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

async function crossedWalls(root: string, folders: string[]): Promise<string[]> {
  const { ruleSet, ...options } = await extractDepcruiseOptions(join(ROOT, '.dependency-cruiser.cjs'))
  const { enhancedResolveOptions } = options
  const { output } = await cruise(
    folders,
    { ...options, ruleSet, validate: true, baseDir: root },
    enhancedResolveOptions,
  )
  const { violations } = (output as ICruiseResult).summary
  return violations.map(({ rule, from, to }) => `${rule.name}: ${from} imports ${to}`)
}

describe('the walls between the rooms', () => {
  test('nobody crosses one; .dependency-cruiser.cjs says why each is there', async () => {
    expect(
      await crossedWalls(ROOT, ['machines', 'src', 'migrations', 'tests/support/simulated-sip']),
    ).toEqual([])
  })

  test('are built around every carrier and every backend of voice agents', async () => {
    const { ruleSet } = await extractDepcruiseOptions(join(ROOT, '.dependency-cruiser.cjs'))
    const walls = (ruleSet?.forbidden ?? [])
      .filter(({ name }) => name?.endsWith('-imports'))
      .map(({ from }) => new RegExp(String(from.path)))
    const adapters = code.filter((file) => /^src\/(telephony|voice-agents)\//.test(file))
    expect(adapters.length).toBeGreaterThan(0)
    expect(adapters.filter((file) => !walls.some((wall) => wall.test(file)))).toEqual([])
  })

  const builds: string[] = []
  afterAll(() => {
    for (const build of builds) rmSync(build, { recursive: true })
  })

  /** Looks at the walls of a repository of these files, each with the imports that it consists of. */
  async function wallsOf(files: Record<string, string[]>): Promise<string[]> {
    const root = mkdtempSync(join(tmpdir(), 'walls-'))
    builds.push(root)
    writeFileSync(join(root, 'package.json'), read('package.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
    for (const [file, imports] of Object.entries(files)) {
      mkdirSync(join(root, dirname(file)), { recursive: true })
      writeFileSync(join(root, file), [...imports, 'export const it = 1', ''].join('\n'))
    }
    const found = await crossedWalls(root, Object.keys(files))
    return [...new Set(found.map((line) => line.split(':')[0] ?? ''))].sort()
  }

  test.each([
    ['machines/a.ts', "import 'node:fs'", ['machines-imports']],
    ['machines/a.ts', "import type { it } from '../src/calls/b.ts'", ['machines-imports']],
    ['src/actors/a.ts', "import type { it } from '../calls/b.ts'", ['actors-imports']],
    ['src/actors/a.ts', "import { it } from '../../machines/call/b.ts'", ['actors-imports']],
    ['src/actors/a.ts', "import { it } from '../persistence/b.ts'", ['actors-imports']],
    ['src/calls/a.ts', "import 'express'", ['calls-imports']],
    [
      'src/calls/a.ts',
      "const twilio = await import('twilio')",
      ['calls-imports', 'only-its-room-knows-twilio'],
    ],
    ['src/telephony/twilio/a.ts', "import { it } from '../../calls/b.ts'", ['telephony-twilio-imports']],
    [
      'src/voice-agents/elevenlabs/a.ts',
      "import type { it } from '../../telephony/twilio/b.ts'",
      ['adapters-do-not-know-each-other', 'voice-agents-elevenlabs-imports'],
    ],
    ['src/media/a.ts', "import { it } from '../telephony/twilio/b.ts'", ['media-imports']],
    ['src/telephony/a.ts', "import type { it } from './twilio/b.ts'", ['telephony-ports-imports']],
    [
      'src/voice-agents/elevenlabs/a.ts',
      "import type { it } from '../../media/media-session.ts'",
      ['voice-agents-elevenlabs-imports'],
    ],
    ['src/voices/a.ts', "import { it } from '../persistence/b.ts'", ['voices-imports']],
    ['src/audio/a.ts', "import 'pino'", ['audio-imports']],
    ['src/persistence/a.ts', "import { it } from '../http/b.ts'", ['persistence-imports']],
    [
      'src/persistence/a.ts',
      "import { it } from '../calls/b.ts'",
      ['persistence-knows-only-types-of-the-rooms-it-serves'],
    ],
    ['src/http/a.ts', "import 'xstate'", ['http-imports', 'only-its-room-knows-xstate']],
    ['src/http/a.ts', "import { it } from '../config/config.ts'", ['settings-are-handed-down']],
    ['src/http/calls/a.ts', "import { it } from '../voices/b.ts'", ['http-shares-what-lies-at-its-root']],
    ['src/http/calls/a.ts', "import { it } from '../sessions/b.ts'", []],
    ['src/http/calls/a.ts', "import { it } from '../b.ts'", []],
    ['src/console/a.tsx', "import { it } from '../calls/b.ts'", ['console-imports']],
    ['src/console/a.tsx', "import { it } from '../http/b.ts'", ['the-console-knows-only-types-of-http']],
    ['src/console/a.tsx', "import type { it } from '../http/b.ts'", []],
    ['src/simulator/a.ts', "import type { it } from '../calls/b.ts'", ['simulator-imports']],
    [
      'tests/support/simulated-sip/a.ts',
      "import { it } from '../../../src/telephony/sip/b.ts'",
      ['simulated-sip-imports'],
    ],
    [
      'src/media/a.ts',
      "import { it } from '../simulator/b.ts'",
      ['media-imports', 'only-main-knows-the-simulator'],
    ],
    ['src/composition/service.ts', "import { it } from '../main.ts'", ['nobody-imports-main']],
    ['src/doctor/a.ts', "import { it } from '../composition/service.ts'", ['only-main-imports-the-service']],
    ['src/audio/a.ts', "import { it } from '../../tests/b.ts'", ['audio-imports', 'tests-are-not-imported']],
    ['src/composition/storage.ts', "import 'vitest'", ['no-development-packages-in-the-service']],
    ['src/composition/storage.ts', "import './not-there.ts'", ['no-imports-of-nothing']],
  ])('%s may not say %s', async (file, line, rules) => {
    const target = /from '(\.[^']+)'/.exec(line)?.[1]
    const files: Record<string, string[]> = { [file]: [line] }
    if (target) files[join(dirname(file), target)] = []
    expect(await wallsOf(files)).toEqual(rules)
  })

  test('files may not import each other in a circle', async () => {
    const circle = { 'src/audio/a.ts': ["import './b.ts'"], 'src/audio/b.ts': ["import './a.ts'"] }
    expect(await wallsOf(circle)).toEqual(['no-circles'])
  })

  test('an import of types is an import, and an allowed one is let through', async () => {
    const allowed = {
      'machines/a.ts': ["import 'xstate'"],
      'src/calls/ports.ts': ["import type { it } from '../../machines/a.ts'"],
      'src/media/agent-port.ts': [
        "import type { it } from '../calls/ports.ts'",
        "import { join } from 'node:path'",
      ],
      'src/telephony/calls-port.ts': ["import type { it } from '../../machines/a.ts'"],
      'src/telephony/twilio/a.ts': ["import type { it } from '../calls-port.ts'"],
      'src/voice-agents/elevenlabs/a.ts': ["import type { it } from '../../media/agent-port.ts'"],
      'src/http/a.ts': ["import type { it } from '../config/config.ts'", "import express from 'express'"],
      'src/config/config.ts': ["import 'zod'"],
    }
    expect(await wallsOf(allowed)).toEqual([])
  })
})

describe('the files', () => {
  test('of the top level are those that a newcomer is told about', () => {
    const found = new Set(tracked.map((file) => file.split('/')[0] ?? ''))
    expect([...found].filter((name) => !name.startsWith('.') && !TOP_LEVEL.includes(name))).toEqual([])
  })

  test(`have at most ${MOST_LINES} lines`, () => {
    const long = code.map((file) => `${file}: ${read(file).split('\n').length - 1}`)
    expect(long.filter((line) => Number(line.split(': ')[1]) > MOST_LINES)).toEqual([])
  })

  test('are named in kebab-case, for what is in them', () => {
    const names = code.filter((file) => !file.startsWith('migrations/') && !basename(file).startsWith('.'))
    const wrong = names.filter((file) => {
      const words = basename(file).split(/[.-]/)
      return !/^[a-z0-9.-]+$/.test(basename(file)) || words.some((word) => EMPTY_NAMES.includes(word))
    })
    expect(wrong).toEqual([])
  })

  test('read the environment in src/config/config.ts alone', () => {
    const source = code.filter((file) => /^(src|machines|migrations)\//.test(file))
    const reading = source.filter((file) =>
      /\bprocess\s*(\.\s*env\b|\[\s*['"]env)|\bimport\.meta\.env\b/.test(read(file)),
    )
    expect(reading).toEqual(['src/config/config.ts'])
  })

  test('connect to PostgreSQL as src/persistence/connect.ts says', () => {
    const ways = [
      /\bconnectionString\b/,
      /\bclientUrl\b/,
      /\bnew pg\.Client\(/,
      /\bnew pg\.Pool\((?!poolConfig\()/,
    ]
    const source = code.filter((file) => file.startsWith('src/'))
    expect(source.filter((file) => ways.some((way) => way.test(read(file))))).toEqual([])
  })

  test('refuse requests with src/problem alone', () => {
    const source = code.filter((file) => file.startsWith('src/') && !file.startsWith('src/simulator/'))
    const writing = source.filter((file) => /['"`]application\/problem\+json/.test(read(file)))
    expect(writing).toEqual(['src/problem/problem.ts'])
  })

  test('turn the URL of a file into its path with what Node has for it', () => {
    // `pathname` keeps spaces and umlauts as %20 and %C3, which no file is called.
    const wrong = /import\.meta\.url\)\.pathname/
    expect(code.filter((file) => wrong.test(read(file)))).toEqual([])
  })

  test('name no machine’s own folders and no package registry', () => {
    const forbidden = [
      /(?<![\w./:@-])\/(?:home|root|Users|work|workspace|builds)\/\w/,
      /\b[A-Z]:\\\\?Users\b/,
      /\bregistry\.[\w-]+\.\w{2,}/,
      /\b(?:artifactory|verdaccio|nexus)\./,
    ]
    const texts = tracked.filter((file) => !read(file).includes('\0'))
    const found = texts.flatMap((file) =>
      read(file)
        .split('\n')
        .filter((line) => forbidden.some((pattern) => pattern.test(line)))
        .map((line) => `${file}: ${line.trim().slice(0, 120)}`),
    )
    expect(found).toEqual([])
  })
})
