import { linePrinter } from './commands/print-line.ts'
import { findRecordedCall } from './composition/find-recorded-call.ts'
import { loadConfig } from './config/config.ts'
import { whyChartDoesNotLoad } from './model/load-call-chart.ts'

/* `npm run replay`: a recorded call, stepped through the statechart of today. */

const NOTHING_REPLAYED = 2
const print = linePrinter()

process.exitCode = await run()

async function run(): Promise<number> {
  const fault = await whyChartDoesNotLoad()
  if (fault !== null) {
    print(fault)
    return NOTHING_REPLAYED
  }
  const { replayCommand } = await import('./replay/replay-command.ts')
  const terminal = { input: process.stdin, output: process.stdout }
  const findCall = (id: string) => findRecordedCall(id, loadConfig)
  return replayCommand({ args: process.argv.slice(2), print, terminal, findCall })
}
