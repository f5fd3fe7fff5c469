import { callLimits } from './calls/call-limits.ts'
import { linePrinter } from './commands/print-line.ts'
import { ConfigError, loadConfig } from './config/config.ts'
import { whyChartDoesNotLoad } from './model/load-call-chart.ts'

/* `npm run model`: proves, walks through, measures and draws a statechart. */

const NOTHING_DONE = 2
const print = linePrinter()

process.exitCode = await run()

async function run(): Promise<number> {
  const fault = await whyChartDoesNotLoad()
  if (fault !== null) return nothingDone(fault)
  try {
    const { modelCommand } = await import('./model/model-command.ts')
    return await modelCommand({ args: process.argv.slice(2), print, limits: callLimits(loadConfig()) })
  } catch (error) {
    if (error instanceof ConfigError) return nothingDone(error.message)
    throw error
  }
}

function nothingDone(why: string): number {
  print(why)
  return NOTHING_DONE
}
