import type { SystemSnapshot } from '../actors/machine-system.ts'
import type { ChartGraph } from './chart-graph.ts'
import { graphOf } from './chart-walk.ts'
import { checkBoundedTime } from './checks/bounded-time.ts'
import { checkDeadParts } from './checks/dead-parts.ts'
import { checkEndInReach } from './checks/end-in-reach.ts'
import { checkFailures } from './checks/failures.ts'
import type { Checked } from './checks/finding.ts'
import { checkLostEvents, type Ledger } from './checks/lost-events.ts'
import { checkSilence, type SilenceLimits } from './checks/silence.ts'
import { checkStrangers } from './checks/strangers.ts'
import { checkUnheardMessages } from './checks/unheard-messages.ts'
import { type ChartModel, explore } from './explore.ts'

export type ChartReport = { chart: ChartGraph; situations: number; checks: Checked[] }

/** Asks a chart every question. Throws TooManyStates when it cannot be looked through. */
export function checkChart<Snapshot extends SystemSnapshot>(
  model: ChartModel<Snapshot>,
  given: SilenceLimits & { ledger: Ledger | null },
): ChartReport {
  const chart = graphOf(model.system)
  const graphs = Object.values(model.inputs).map((input) => explore(model, input))
  return {
    chart,
    situations: graphs.reduce((sum, { states }) => sum + states.length, 0),
    checks: [
      checkBoundedTime(chart, model.lasting),
      checkEndInReach(model, graphs),
      checkLostEvents(model, graphs, given.ledger),
      checkUnheardMessages(model, graphs, given.ledger),
      checkStrangers(model, graphs),
      checkDeadParts(model, graphs),
      checkFailures(model, graphs),
      checkSilence(model, graphs, given),
    ],
  }
}

/** The report as lines: one a question, then one a finding with its mend. */
export function reportLines({ chart, situations, checks }: ChartReport): string[] {
  const states = `states ${chart.states.length}, transitions ${chart.transitions.length}`
  const version = chart.version === null ? '' : `, version ${chart.version}`
  const found = checks.flatMap(({ findings }) => findings).length
  return [
    `Chart ${chart.id}${version}: ${states}, situations looked at ${situations}.`,
    ...checks.flatMap(checkedLines),
    found === 0 ? 'Nothing was found.' : `${found} ${found === 1 ? 'thing needs' : 'things need'} mending.`,
  ]
}

function checkedLines({ rule, answer, findings, isSkipped }: Checked): string[] {
  const label = rule.padEnd(14)
  if (findings.length === 0) return [`${isSkipped ? 'skip' : 'ok  '}  ${label} ${answer}`]
  return findings.map(({ where, why, mend }) => `FAIL  ${label} ${where}: ${why}. To mend: ${mend}.`)
}
