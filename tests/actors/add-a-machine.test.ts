import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

/* docs/add-a-machine.md shows what runs here, word for word. */

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(resolve(ROOT, file), 'utf8')

const PAGE = read('docs/add-a-machine.md')
const SHOWN = ['turnstile.machine.ts', 'turnstile.ts', 'turnstile-host.ts'].map((file) =>
  read(`tests/actors/${file}`),
)
const blocks = [...PAGE.matchAll(/^```(?:ts|sql)\n(.*?)^```$/gms)].map(([, code = '']) => code)

test('the page shows code', () => {
  expect(blocks.length).toBeGreaterThan(7)
})

test.each(blocks)('the page shows what there is: %s', (code) => {
  expect(SHOWN.some((text) => text.includes(code.trimEnd()))).toBe(true)
})

test('each part of a definition is told', () => {
  const source = read('src/actors/actor-definition.ts')
  const definition = source.slice(source.indexOf('export type ActorDefinition'))
  const parts = [...definition.slice(0, definition.indexOf('\n}')).matchAll(/^ {2}(\w+)\??:/gm)].map(
    ([, name]) => name,
  )
  expect(parts.length).toBeGreaterThan(8)
  for (const part of parts) expect(PAGE).toContain(`\`${part}\``)
})

test('the chart of the page is proved as the page says', () => {
  const command = ['src/model.ts', 'check', '--machine', 'tests/actors/turnstile.machine.ts']
  expect(execFileSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' })).toContain(
    'Chart turnstile, version turnstile-1',
  )
})
