import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Formats written code as the linter wants it, where there is one: it is a development package. */
export function formatFiles(files: string[]): Promise<void> {
  return new Promise((done) => {
    const biome = spawn(
      `${ROOT}node_modules/.bin/biome`,
      ['check', '--write', `--config-path=${ROOT}`, ...files],
      { stdio: 'ignore' },
    )
    biome.once('error', () => done())
    biome.once('exit', () => done())
  })
}
