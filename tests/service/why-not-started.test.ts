import { expect, test } from 'vitest'
import { UnusableDatabase } from '../../src/composition/unusable-database.ts'
import { whyNotStarted } from '../../src/composition/why-not-started.ts'

/* What keeps the service from starting, in words that name the setting; tests/service/start-refused.test.ts meets some of it. */

const fault = (fields: object) => Object.assign(new Error('it failed'), fields)

test.each([
  [{ syscall: 'listen', code: 'EADDRNOTAVAIL', address: '10.0.0.9' }, /^HOST: 10\.0\.0\.9 .*0\.0\.0\.0/],
  [{ syscall: 'listen', code: 'EACCES', address: '::', port: 80 }, /^PORT: 80 on :: .*set PORT to another$/],
  [{ syscall: 'mkdir', code: 'ENOTDIR', path: '/data/file/x' }, /^DATA_DIR: \/data\/file\/x is not a folder/],
  [{ syscall: 'write', code: 'ENOSPC' }, /^DATA_DIR: its disk cannot be written, .*another disk$/],
  [{ syscall: 'write', code: 'EDQUOT', path: '/data' }, /^DATA_DIR: \/data cannot be written, .*EDQUOT/],
  [{ syscall: 'open', code: 'EROFS', path: '/data' }, /^DATA_DIR: \/data cannot be written by this user/],
])('%j', (fields, line) => {
  expect(whyNotStarted(fault(fields))).toMatch(line)
})

test('a database that cannot be used says it itself', () => {
  expect(whyNotStarted(new UnusableDatabase('DATABASE_URL: it is read-only'))).toBe(
    'DATABASE_URL: it is read-only',
  )
})

test('what nobody has thought of comes with its stack', () => {
  expect(whyNotStarted(new TypeError('x is undefined'))).toMatch(
    /^The service could not start: TypeError: x is undefined\n +at /,
  )
  expect(whyNotStarted('a word')).toBe('The service could not start: a word')
})
