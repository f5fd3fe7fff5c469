import { expect, test } from 'vitest'
import { type Check, type Finding, fail, ok, warn } from '../../src/doctor/finding.ts'
import { formatCounts, formatFinding } from '../../src/doctor/print.ts'
import { runChecks } from '../../src/doctor/run-checks.ts'
import { all } from './examine.ts'

const check = (run: Check['run'], limitMs = 1_000): Check => ({ name: 'part', limitMs, run })

const run = (checks: Check[], fix = false): Promise<Finding[]> => all(runChecks(checks, { fix }))

test('a check that hangs keeps what it found, fails within its time, and does not stop the next', async () => {
  const hanging = check(async function* () {
    yield ok('first', 'there')
    await new Promise(() => {})
  }, 20)
  const findings = await run([
    hanging,
    check(async function* () {
      yield ok('next', 'there too')
    }),
  ])
  expect(findings).toMatchObject([
    { name: 'first', verdict: 'ok' },
    { name: 'part', verdict: 'FAIL', finding: 'no answer within 0.02 s', mend: expect.any(String) },
    { name: 'next', verdict: 'ok' },
  ])
})

test('a check that throws is a finding', async () => {
  const findings = await run([
    check(async function* () {
      yield ok('first', 'there')
      throw new Error('a surprise')
    }),
  ])
  expect(findings).toMatchObject([
    { name: 'first' },
    { name: 'part', verdict: 'FAIL', finding: 'a surprise' },
  ])
})

/** A door that should be shut, and what a fix makes of it. */
function door(shut: () => Promise<boolean>, verdict: typeof fail = fail): Check {
  let isShut = false
  const fix = async () => {
    isShut = await shut()
  }
  return check(async function* () {
    yield ok('wall', 'stands')
    yield isShut ? ok('door', 'shut') : verdict('door', 'open', 'shut it', fix)
  }, 50)
}

test('nothing is mended unasked', async () => {
  let asked = 0
  const findings = await run([door(async () => ++asked > 0)])
  expect(asked).toBe(0)
  expect(findings).toMatchObject([{ verdict: 'ok' }, { verdict: 'FAIL', finding: 'open', mend: 'shut it' }])
})

test.each([
  ['failures', fail],
  ['warnings', warn],
])('what can be mended is, and is looked at again: %s', async (_name, verdict) => {
  expect(await run([door(async () => true, verdict)], true)).toEqual([
    { name: 'wall', verdict: 'ok', finding: 'stands' },
    { name: 'door', verdict: 'ok', finding: 'mended: shut' },
  ])
})

test.each<[name: string, fix: () => Promise<boolean>, mend: string]>([
  ['changes nothing', async () => false, '--fix changed nothing: shut it'],
  [
    'throws',
    async () => {
      throw new Error('it sticks')
    },
    '--fix did not work (it sticks): shut it',
  ],
  ['hangs', () => new Promise(() => {}), '--fix did not work (no answer within 0.05 s): shut it'],
])('a fix that %s is reported, with what a person can do', async (_name, fix, mend) => {
  expect(await run([door(fix)], true)).toMatchObject([
    { verdict: 'ok' },
    { name: 'door', verdict: 'FAIL', finding: 'open', mend },
  ])
})

test('a finding is one line, with its mend and the command that does it', () => {
  expect(formatFinding(ok('database', 'PostgreSQL 18.4'))).toBe(
    'ok    database                  PostgreSQL 18.4',
  )
  expect(formatFinding(fail('door', 'open,\n  wide', 'shut it', async () => {}))).toBe(
    'FAIL  door                      open, wide. To mend: shut it; or run `npm run doctor -- --fix`',
  )
  expect(formatCounts(['ok', 'FAIL', 'ok', 'skip'])).toBe('2 ok, 0 warn, 1 FAIL, 1 skip')
})
