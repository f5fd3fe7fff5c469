import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import project from '../package.json' with { type: 'json' }

/*
 * Every command of ours explains itself, and says in two lines what it does not understand.
 */

const ROOT = resolve(import.meta.dirname, '..')
const COMMANDS = ['call', 'doctor', 'migrate', 'replay', 'model', 'bench', 'chaos', 'fuzz'] as const

async function run(command: (typeof COMMANDS)[number], argument: string) {
  const [program, file = ''] = project.scripts[command].split(' ')
  expect(program).toBe('node')
  const running = promisify(execFile)(process.execPath, [file, argument], { cwd: ROOT })
  const { stdout, stderr } = await running.catch((error: { stdout: string; stderr: string }) => error)
  return { status: running.child.exitCode, printed: stdout + stderr }
}

describe.each(COMMANDS)('npm run %s', (command) => {
  test('explains itself', async () => {
    const { status, printed } = await run(command, '--help')
    expect(printed).toContain(`npm run ${command}`)
    expect(status).toBe(0)
  })

  test('says how it is used when it is given an option that it does not have', async () => {
    const { status, printed } = await run(command, '--nonsense')
    expect(printed).toMatch(/^[^\n]*--nonsense[^\n]*\nUsage: npm run [^\n]*; --help tells more\.\n$/)
    expect(printed).toContain(`npm run ${command}`)
    expect(status).toBe(2)
  })
})
