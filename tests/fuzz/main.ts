import { runUnattended } from '../support/unattended-run.ts'
import { runFuzz } from './fuzz.ts'
import { FUZZ_SYNOPSIS, FUZZ_USAGE, fuzzOptions } from './options.ts'

/* npm run fuzz: odd input for everything that reads what strangers send; its last line is one of JSON. */

await runUnattended({
  name: 'fuzz',
  synopsis: FUZZ_SYNOPSIS,
  usage: FUZZ_USAGE,
  read: fuzzOptions,
  run: async (options, { postgresUrl, say, print }) => {
    say(`seed ${options.seed}`)
    const { outcome } = await runFuzz(options, { postgresUrl, say })
    const { crashes, serverErrors, hangs, logged } = outcome
    const isWell = crashes + serverErrors + hangs + logged === 0
    say(isWell ? 'Nothing was found.' : `--seed ${options.seed} --only TARGET --case N does a case again.`)
    print(JSON.stringify(outcome))
    return isWell ? 0 : 1
  },
})
