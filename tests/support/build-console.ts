import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const VITE = join(import.meta.dirname, '../../node_modules/vite/bin/vite.js')

/** Builds the console as `npm run build` does, but into a folder of its own. */
export async function buildConsole(): Promise<{ assetsDir: string; remove: () => Promise<void> }> {
  const assetsDir = await mkdtemp(join(tmpdir(), 'console-'))
  // Vitest's own NODE_ENV would bring React's development build.
  const env = { ...process.env, NODE_ENV: 'production' }
  await promisify(execFile)(process.execPath, [VITE, 'build', '--outDir', assetsDir], { env })
  return { assetsDir, remove: () => rm(assetsDir, { recursive: true }) }
}
