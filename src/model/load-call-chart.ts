import { fileURLToPath } from 'node:url'
import { loadFault } from './unloadable-chart.ts'

/*
 * Whether the chart of calls can be loaded at all, asked before anything that needs it is: somebody may be in the midst of
 * changing it.
 */

const MACHINES = fileURLToPath(new URL('../../machines', import.meta.url))

/** Null when it can; otherwise what is wrong, and where. */
export async function whyChartDoesNotLoad(): Promise<string | null> {
  try {
    await import('../../machines/call/call-system.ts')
    return null
  } catch (error) {
    return `The chart of calls cannot be loaded${await loadFault(error, MACHINES)}`
  }
}
