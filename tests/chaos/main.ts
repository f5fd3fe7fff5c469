import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runUnattended } from '../support/unattended-run.ts'
import { runChaos } from './chaos.ts'
import { CHAOS_SYNOPSIS, CHAOS_USAGE, chaosOptions } from './options.ts'
import { brokenIn } from './outcome.ts'
import { told } from './report.ts'

/* npm run chaos: calls over several nodes while everything around them fails; its last line is one of JSON. */

/** Most of a process's start is reading its packages, and nodes are started by the dozen. */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'precall-compile-cache')

await runUnattended({
  name: 'chaos',
  synopsis: CHAOS_SYNOPSIS,
  usage: CHAOS_USAGE,
  read: chaosOptions,
  run: async (options, { postgresUrl, say, print }) => {
    say(`seed ${options.seed}: ${JSON.stringify({ ...options, only: options.only && [...options.only] })}`)
    const stopping = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => stopping.abort(new Error(`The run is stopped by ${signal}.`)))
    const given = { postgresUrl, say, stopped: stopping.signal }
    const { outcome, findings, leftovers, faults } = await runChaos(options, given)
    for (const finding of findings) if (finding.broken !== 'excused') say(told(finding, options.seed, faults))
    for (const line of leftovers) say(`LEFT: ${line}`)
    if (outcome.late.isLate) say('This machine was too busy for its times to mean anything.')
    const broken = brokenIn(outcome)
    const verdict = `Broken: ${broken.join(', ')}. --seed ${options.seed} repeats it.`
    say(broken.length === 0 ? 'Every promise was kept.' : verdict)
    print(JSON.stringify(outcome))
    return broken.length === 0 ? 0 : 1
  },
})
