import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

/* docs/architecture.md says which statements are written by hand, and why: a file that has some and is not told there fails. */

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(resolve(ROOT, file), 'utf8')

const FOLDER = 'src/persistence'
const BY_HAND = /\b(?:sqlOf|sqlIn|inTransaction)\(|\.query\(/
/** What hands statements on, and has none. */
const HANDS_ON = ['sql.ts', 'actor-store.ts', 'feed-announcer.ts', 'job-dispatcher.ts']

const told =
  /^## Which statements are written by hand$(.*?)^## /ms.exec(read('docs/architecture.md'))?.[1] ?? ''
const files = globSync('*.ts', { cwd: resolve(ROOT, FOLDER) })
const byHand = files.filter((file) => BY_HAND.test(read(`${FOLDER}/${file}`)) && !HANDS_ON.includes(file))

test('the page tells of every file with statements written by hand', () => {
  expect(byHand.length).toBeGreaterThan(10)
  expect(byHand.filter((file) => !told.includes(`\`${file}\``))).toEqual([])
})

test('and of none that has none', () => {
  const named = [...told.matchAll(/`([\w-]+\.ts)`/g)].flatMap(([, file]) => file ?? [])
  const without = named.filter(
    (file) => !/sql|select |insert |update |listen /i.test(read(`${FOLDER}/${file}`)),
  )
  expect(without).toEqual([])
})

test('statements that connections prepare are in one folder', () => {
  const prepared = files.filter((file) => /\bname: '[\w-]+',\s*text:/.test(read(`${FOLDER}/${file}`)))
  expect(prepared).toEqual([])
})
