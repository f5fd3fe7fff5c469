import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

/* The Dockerfile: what it copies is there and gets past .dockerignore, its bases are pinned, and nobody is root. */

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .filter(Boolean)
  .map((line) => line.split(/\s+/))

const all = (name: string) => instructions.filter(([word]) => word === name).map(([, ...rest]) => rest)
const stages = all('FROM')
const last = instructions.slice(instructions.findLastIndex(([word]) => word === 'FROM'))

test('its bases cannot change', () => {
  expect(stages.length).toBe(2)
  expect(
    stages.filter(([image = '']) => !/^[\w/]+:\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image)),
  ).toEqual([])
})

test('what it copies is there, and not kept out', () => {
  const sources = all('COPY')
    .filter(([first = '']) => !first.startsWith('--from'))
    .flatMap((words) => words.slice(0, -1))
  const kept = read('.dockerignore').split('\n')
  expect(kept).toContain('*')
  expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([])
  const letIn = kept.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  expect(letIn.sort()).toEqual([...new Set(sources.map((source) => source.replace('./', '')))].sort())
})

test('it runs as somebody who is not root, and says how it is', () => {
  const words = last.map(([word]) => word)
  expect(last.find(([word]) => word === 'USER')?.[1]).toMatch(/^(?!root|0$)\w+$/)
  expect(words.indexOf('USER')).toBeLessThan(words.indexOf('CMD'))
  expect(words).toContain('HEALTHCHECK')
})

test('it gets signals itself, and runs as `npm start` does', () => {
  const command: string[] = JSON.parse(all('CMD').at(-1)?.join(' ') ?? '[]')
  expect(command[0]).toBe('node')
  expect(`exec ${command.join(' ')}`).toBe(manifest.scripts.start)
})
