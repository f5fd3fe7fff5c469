import type { ChaosCall } from './chaos-call.ts'
import type { FaultLog } from './fault-log.ts'

export type WrittenEvent = { at: Date; type: string; before: string; after: string; cause: string | null }
/** What the database says of a call; null when it was never written down. */
export type WrittenCall = { id: string; state: string; outcome: string | null; events: WrittenEvent[] } | null

/** What must never happen to a call, whatever else goes wrong. */
export type Broken = 'lost' | 'busy' | 'misreported' | 'doubled' | 'stuck'
export type Verdict = { broken: Broken | 'excused'; why: string } | null

const BUSY = new Set(['capacity_full', 'draining'])
/** How long after the vendor's fault its call notices, at most, and how much earlier its clock may say so. */
const NOTICED_WITHIN_MS = 3_000
const CLOCK_SLACK_MS = 500
const VENDOR_CONNECTION = new Set([
  'agent-dropped',
  'agent-dropped-twice',
  'agent-refused-once',
  'agent-away-1s',
  'voice-refused',
  'voice-deleted',
])

/** What is to be said of a call that is over for its caller. */
export function verdictOn(call: ChaosCall, written: WrittenCall, faults: FaultLog): Verdict {
  const found = faultOf(call, written, faults)
  if (found?.broken === 'lost' && agentFailures(call, written, faults) >= 2) {
    return { broken: 'excused', why: `the vendor was made to fail twice; ${found.why}` }
  }
  return found
}

function faultOf(call: ChaosCall, written: WrittenCall, faults: FaultLog): Verdict {
  const outcome = written?.outcome ?? null
  if (outcome !== null && BUSY.has(outcome)) return { broken: 'busy', why: `turned away: ${outcome}` }
  if (call.hangUp && call.hangUp !== 'planned')
    return { broken: 'lost', why: `the caller gave up: ${call.hangUp}` }
  if (call.endedBy === 'carrier') return { broken: 'lost', why: 'the carrier could not go on with the call' }
  if (call.endedBy === 'service') {
    if (!call.agentEnded) return { broken: 'lost', why: `the service ended the call: ${outcome}` }
    return outcome === 'agent_ended' || isUnwritten(call, faults) ? null : misreportedAs(outcome)
  }
  if (hasApologized(call)) return { broken: 'lost', why: `the caller heard the apology: ${outcome}` }
  return misreported(call, outcome)
}

/** A relay without its database ends the leg by itself; the carrier's report of that end may be written before its own. */
const isUnwritten = ({ endedAt }: ChaosCall, faults: FaultLog): boolean =>
  endedAt !== null && faults.between(endedAt, endedAt).some(({ kind }) => kind.startsWith('cut-'))

const misreportedAs = (outcome: string | null): Verdict => ({
  broken: 'misreported',
  why: `the agent ended the conversation, written: ${outcome}`,
})

const hasApologized = ({ line }: ChaosCall): boolean =>
  line.timeline.some(
    (entry) => entry.type === 'verb-started' && entry.verb === 'Say' && entry.detail.startsWith('I am sorry'),
  )

/** A caller hung up: that is the reason, unless nobody was told of it or the agent had ended the call by then. */
function misreported(call: ChaosCall, outcome: string | null): Verdict {
  const fits =
    outcome === null || outcome === 'caller_hung_up' || (call.agentEnded && outcome === 'agent_ended')
  return fits || call.isUntold
    ? null
    : { broken: 'misreported', why: `the caller hung up, written: ${outcome}` }
}

/** How often the call lost its agent because the vendor was made to fail. */
function agentFailures(call: ChaosCall, written: WrittenCall, faults: FaultLog): number {
  const losses = written?.events.filter(({ type }) => type === 'agent.lost') ?? []
  const made = losses.filter(({ at }) => {
    const time = at.getTime()
    return faults.between(time - NOTICED_WITHIN_MS, time + CLOCK_SLACK_MS, VENDOR_CONNECTION).length > 0
  })
  return Math.max(call.agentDrops, made.length)
}
