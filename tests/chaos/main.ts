import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runUnattended } from '../support/unattended-run.ts'
import { runChaos } from './chaos.ts'
import { CHAOS_SYNOPSIS, CHAOS_USAGE, chaosOptions } from './options.ts'
import { brokenIn } from './outcome.ts'
import { told } from './report.ts'
import { ROLLING_SYNOPSIS, ROLLING_USAGE, rollingOptions } from './rolling/options.ts'
import { brokenOf, brokenPromises, placeTable, toldOf } from './rolling/outcome.ts'
import { runRolling } from './rolling/rolling.ts'

/* npm run chaos: calls over several nodes while everything around them fails, or while they are updated; its last line is one of JSON. */

/** Most of a process's start is reading its packages, and nodes are started by the dozen. */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'precall-compile-cache')

const [command, ...rest] = process.argv.slice(2)
if (command === 'rolling') await rollingUpdate(rest)
else await chaos()

function chaos(): Promise<never> {
  return runUnattended({
    name: 'chaos',
    synopsis: CHAOS_SYNOPSIS,
    usage: CHAOS_USAGE,
    read: chaosOptions,
    run: async (options, { postgresUrl, say, print }) => {
      say(`seed ${options.seed}: ${JSON.stringify({ ...options, only: options.only && [...options.only] })}`)
      const given = { postgresUrl, say, stopped: stopSignal() }
      const { outcome, findings, leftovers, faults } = await runChaos(options, given)
      for (const finding of findings)
        if (finding.broken !== 'excused') say(told(finding, options.seed, faults))
      for (const line of leftovers) say(`LEFT: ${line}`)
      if (outcome.late.isLate) say('This machine was too busy for its times to mean anything.')
      const broken = brokenIn(outcome)
      const verdict = `Broken: ${broken.join(', ')}. --seed ${options.seed} repeats it.`
      say(broken.length === 0 ? 'Every promise was kept.' : verdict)
      print(JSON.stringify(outcome))
      return broken.length === 0 ? 0 : 1
    },
  })
}

function rollingUpdate(args: string[]): Promise<never> {
  return runUnattended({
    name: 'rolling',
    args,
    synopsis: ROLLING_SYNOPSIS,
    usage: ROLLING_USAGE,
    read: rollingOptions,
    run: async (options, { postgresUrl, say, print }) => {
      const { outcome, calls, leftovers } = await runRolling(options, {
        postgresUrl,
        say,
        stopped: stopSignal(),
      })
      for (const call of calls) if (brokenOf(call).length > 0) say(toldOf(call))
      for (const line of leftovers) say(`LEFT: ${line}`)
      if (outcome.late.isLate) say('This machine was too busy for its times to mean anything.')
      say(placeTable(calls))
      const broken = brokenPromises(outcome)
      say(broken.length === 0 ? 'Every promise was kept.' : `Broken: ${broken.join(', ')}.`)
      print(JSON.stringify(outcome))
      return broken.length === 0 ? 0 : 1
    },
  })
}

/** Aborts when this process is told to stop. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stopping.abort(new Error(`The run is stopped by ${signal}.`)))
  return stopping.signal
}
