import { parseArgs } from 'node:util'
import { environment } from '../config.ts'
import { runDoctor } from './doctor.ts'

/** `npm run doctor`, and `npm run doctor -- --fix` to mend what can be mended; see docs/doctor.md. */
const { fix } = parseArgs({ options: { fix: { type: 'boolean', default: false } } }).values

const isWell = await runDoctor({
  env: environment,
  fix,
  print: (line) => process.stdout.write(`${line}\n`),
})
// Whatever hangs has been reported, and need not be waited for.
process.exit(isWell ? 0 : 1)
