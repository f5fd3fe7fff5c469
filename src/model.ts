import { callLimits } from './calls/call-limits.ts'
import { ConfigError, loadConfig } from './config.ts'
import { modelCommand } from './model/model-command.ts'

/* `npm run model`: proves, walks through, measures and draws a statechart. */

const print = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  process.exitCode = await modelCommand({
    args: process.argv.slice(2),
    print,
    limits: callLimits(loadConfig()),
  })
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  print(error.message)
  process.exitCode = 2
}
