import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COVERAGE_FOLDER, type MeasuredRun } from '../../src/model/coverage.ts'

/** Leaves a run where `readRuns` finds it; it takes the place of the one before over the same carrier. */
export async function keepRun(run: MeasuredRun, folder = COVERAGE_FOLDER): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `chart-${run.chart}-${run.carrier}.json`), `${JSON.stringify(run)}\n`)
}
