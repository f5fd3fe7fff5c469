import { describe, expect, test } from 'vitest'
import { withheldFrom } from '../../src/calls/caller-trust.ts'
import { verificationBy } from '../../src/numbers/verstat.ts'

describe('what a carrier says of a number', () => {
  test.each([
    ['TN-Validation-Passed-A', 'attested'],
    ['TN-Validation-Passed-A-Passthrough', 'attested'],
    ['tn-validation-passed-a', 'attested'],
    ['TN-Validation-Passed-B', 'trunk'],
    ['TN-Validation-Passed-C-Passthrough', 'trunk'],
    ['TN-Validation-Passed-A-Diverted', 'trunk'],
    ['TN-Validation-Passed', 'trunk'],
    ['TN-Validation-Passed-AB', 'trunk'],
    ['No-TN-Validation', 'trunk'],
    ['', 'trunk'],
    [null, 'trunk'],
    ['TN-Validation-Failed', 'failed'],
    ['TN-Validation-Failed-A', 'failed'],
    ['TN-Validation-Failed-C-Diverted', 'failed'],
    ['NULL', 'failed'],
  ])('%s is worth %s', (verstat, worth) => {
    expect(verificationBy(verstat)).toBe(worth)
  })

  test('is worth what the level beside it says, where it names none', () => {
    expect(verificationBy('TN-Validation-Passed', 'A')).toBe('attested')
    expect(verificationBy('TN-Validation-Passed', 'B')).toBe('trunk')
    expect(verificationBy('TN-Validation-Passed-B', 'A')).toBe('trunk')
    expect(verificationBy('TN-Validation-Failed', 'A')).toBe('failed')
  })
})

describe('a voice', () => {
  test.each([
    ['attested', [null, 'not_attested', 'not_attested', 'verification_failed']],
    ['trunk', [null, null, 'not_verified', 'verification_failed']],
    ['any', [null, null, null, null]],
  ] as const)('that is for %s callers is withheld from others', (trust, reasons) => {
    const callers = ['attested', 'trunk', 'unverified', 'failed'] as const
    expect(callers.map((caller) => withheldFrom(caller, trust))).toEqual(reasons)
  })
})
