import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BIOME = fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url))

/** Formats written code as the linter wants it, where there is one: it is a development package. */
export function formatFiles(files: string[]): Promise<void> {
  return new Promise((done) => {
    const biome = spawn(BIOME, ['check', '--write', ...files], { stdio: 'ignore' })
    biome.once('error', () => done())
    biome.once('exit', () => done())
  })
}
