import { callSystem } from '../../machines/call/call-system.ts'
import { systemDefinition } from '../../src/actors/chart-definition.ts'
import { fingerprintOf } from '../../src/model/coverage.ts'
import { keepRun } from '../support/keep-run.ts'
import { type Played, walkOf } from './walked.ts'

/**
 * Leaves what a run over a carrier went through for `npm run model -- coverage` and for the console. `never` are the ids of
 * what this carrier's calls cannot go through.
 */
export async function keepCoverage(carrier: string, played: Played[], never: string[] = []): Promise<void> {
  await keepRun({
    chart: callSystem.id,
    fingerprint: fingerprintOf(systemDefinition(callSystem)),
    carrier,
    at: new Date().toISOString(),
    paths: played.map(({ path, events }) => ({ name: path.name, elements: walkOf(events).elements })),
    never,
  })
}
