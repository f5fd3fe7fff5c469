import type { Reporter, TestModule, Vitest } from 'vitest/node'

type Counts = { passed: number; failed: number; skipped: number }

/** Prints `N passed, N failed` (and `, N skipped` if any were) as the very last line of a run, for programs to read. */
export default class SummaryReporter implements Reporter {
  #line: string | null = null

  onInit(vitest: Vitest): void {
    // Vitest and the other reporters still print after the run has ended; only the process's exit comes after them.
    if (!vitest.config.watch) process.once('exit', () => this.#print())
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#line = summaryOf(countTests(modules, unhandledErrors.length))
  }

  #print(): void {
    if (this.#line) process.stdout.write(`${this.#line}\n`)
  }
}

/**
 * Counts tests, and as failed also what kept tests from running: a file that cannot be loaded, a hook of a suite that
 * throws, an error that no test was waiting for.
 */
export function countTests(modules: readonly TestModule[], unhandledErrors: number): Counts {
  const counts: Counts = { passed: 0, failed: unhandledErrors, skipped: 0 }
  for (const module of modules) {
    counts.failed += module.errors().length
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      // A test still pending when the run ends was cut off by an interruption.
      counts[state === 'pending' ? 'skipped' : state] += 1
    }
  }
  return counts
}

export function summaryOf({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`
  return skipped > 0 ? `${line}, ${skipped} skipped` : line
}
