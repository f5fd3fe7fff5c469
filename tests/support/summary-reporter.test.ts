import { expect, test } from 'vitest'
import type { TestModule } from 'vitest/node'
import { countTests, summaryOf } from './summary-reporter.ts'

/** A file of tests that came out so, with as many errors of its own and of its suites. */
function file(states: string[], errors = { ofTheFile: 0, ofSuites: 0 }): TestModule {
  const listOf = (count: number) => Array.from({ length: count }, () => ({ message: 'broken' }))
  const stub = {
    errors: () => listOf(errors.ofTheFile),
    children: {
      allSuites: () => [{ errors: () => listOf(errors.ofSuites) }],
      allTests: () => states.map((state) => ({ result: () => ({ state }) })),
    },
  }
  return stub as unknown as TestModule
}

test('counts tests over all files', () => {
  const files = [file(['passed', 'failed', 'skipped']), file(['passed'])]
  expect(countTests(files, 0)).toEqual({ passed: 2, failed: 1, skipped: 1 })
})

test('counts as failed what kept tests from running', () => {
  const files = [file([], { ofTheFile: 1, ofSuites: 0 }), file(['skipped'], { ofTheFile: 0, ofSuites: 1 })]
  expect(countTests(files, 2)).toEqual({ passed: 0, failed: 4, skipped: 1 })
})

test('counts a test that was cut off as skipped', () => {
  expect(countTests([file(['pending'])], 0)).toEqual({ passed: 0, failed: 0, skipped: 1 })
})

test('tells of skipped tests only when there are any', () => {
  expect(summaryOf({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
  expect(summaryOf({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped')
})
