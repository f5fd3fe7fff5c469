import { delayOf } from '../actors/timer-id.ts'
import { callCharts } from '../calls/saved-call.ts'
import { placeOf, viewOf } from '../calls/view.ts'
import type { LiveState } from './live-states.ts'
import { timersIn } from './timers.ts'

/*
 * What becomes of calls that live on another version of the chart: each goes on, with a timer for every limit, or would be ended in
 * an apology.
 */

type Fate = { place: string; becomes: string } | { place: string; why: string }

/** Lines for a terminal, and whether each state survives. */
export function compatReport(states: LiveState[]): { lines: string[]; isWhole: boolean } {
  const fates = states.map(fateOf)
  const lines = [...new Set(fates.map(lineOf))]
  const lost = lines.filter((line) => line.startsWith('FAIL'))
  const versions = [...new Set(states.map(({ chartVersion }) => chartVersion))].join(', ')
  const verdict =
    lost.length === 0
      ? `Every call of chart ${versions} goes on with chart ${callCharts.id}.`
      : `Calls of chart ${versions} would be lost. To mend: raise CHART_VERSION in machines/call/call-system.ts, and say in machines/upgrades.ts what becomes of what the version before has saved, and of its timers.`
  return { lines: [...lines, verdict], isWhole: lost.length === 0 }
}

function lineOf(fate: Fate): string {
  if ('why' in fate) return `FAIL  ${fate.place}: ${fate.why}`
  return `ok    ${fate.place.padEnd(20)} goes on as ${fate.becomes}`
}

function fateOf({ place, snapshot, chartVersion, timers }: LiveState): Fate {
  const restored = callCharts.read({ id: 'call', snapshot, chartVersion })
  if (restored.is === 'foreign')
    return { place, why: 'the chart of today has no such state, and nothing leads to one' }
  if (restored.is === 'corrupt') return { place, why: `what is saved cannot be read: ${restored.why}` }
  const arms = restored.upgraded?.arms ?? []
  const needed = timersIn(restored.snapshot).map(({ type }): string => type)
  const running = timers.flatMap((timer) => callCharts.timerToday(timer, chartVersion) ?? [])
  const lacking = needed.filter((timer) => !running.includes(timer) && !arms.includes(delayOf(timer) ?? ''))
  const useless = running.filter((timer) => !needed.includes(timer))
  if (lacking.length > 0) return { place, why: `nothing would set ${words(lacking)}, which its state needs` }
  if (useless.length > 0) return { place, why: `nothing waits for ${words(useless)}, which runs` }
  return { place, becomes: placeOf(viewOf(restored.snapshot)) }
}

const words = (timers: string[]): string => [...new Set(timers)].join(' and ')
