import { linePrinter } from './commands/print-line.ts'
import { environment } from './config/config.ts'
import { callCommand } from './simulator/phone/call-command.ts'

/* `npm run call`: a test call from a terminal. */

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The first asks for an orderly end; whoever asks twice wants out.
    if (interruption.signal.aborted) process.exit(1)
    interruption.abort()
  })
}

process.exitCode = await callCommand({
  args: process.argv.slice(2),
  env: environment(),
  print: linePrinter(),
  interrupted: interruption.signal,
})
