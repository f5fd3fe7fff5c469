import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PAGES } from './run-folder.ts'
import { until } from './until.ts'

const ROOT = join(import.meta.dirname, '../..')
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js')
/** On a busy machine a build of some seconds takes many. */
const PATIENCE_MS = 90_000

/** Builds the console as `npm run build` does, but into a folder of the run's; resolves with that. */
export const buildConsole = (): Promise<string> => buildOnce('console', [])

/** The same for the callers' page. */
export const buildPhone = (): Promise<string> => buildOnce('phone', ['--mode', 'phone'])

/** Brings them to where the service serves them from, so that what it serves is of the sources as they are. */
export const buildConsoleInPlace = async (): Promise<void> => putInPlace('console', await buildConsole())
export const buildPhoneInPlace = async (): Promise<void> => putInPlace('phone', await buildPhone())

const putInPlace = (name: string, built: string): Promise<void> =>
  cp(built, join(ROOT, 'dist', name), { recursive: true })

/** Whoever needs it first builds it for the whole run; the others wait for the word of how that went. */
async function buildOnce(name: string, options: string[]): Promise<string> {
  const folder = join(tmpdir(), PAGES, name)
  const outcome = `${folder}.outcome`
  await mkdir(join(tmpdir(), PAGES), { recursive: true })
  const isFirst = await mkdir(folder).then(
    () => true,
    () => false,
  )
  if (isFirst) {
    const built = await vite([...options, '--outDir', folder]).then(() => 'built', String)
    await writeFile(outcome, built)
  }
  const word = await until(
    `${name} is built`,
    () => readFile(outcome, 'utf8').catch(() => ''),
    undefined,
    PATIENCE_MS,
  )
  if (word !== 'built') throw new Error(word)
  return folder
}

/** Vitest's own NODE_ENV would bring React's development build. */
function vite(options: string[]): Promise<unknown> {
  const env = { ...process.env, NODE_ENV: 'production' }
  return promisify(execFile)(process.execPath, [VITE, 'build', ...options], { env })
}
