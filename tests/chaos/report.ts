import type { TimelineEntry } from '../../src/simulator/carrier/timeline.ts'
import type { FaultLog } from './fault-log.ts'
import type { Finding } from './findings.ts'

const MOST_ENTRIES = 60
const FAULTS_AROUND_MS = 2_000

/** All that is known of a call that something is wrong with, by the clock, so that its cause can be seen. */
export function told({ broken, why, call, written }: Finding, seed: number, faults: FaultLog): string {
  const { plan, line, beganAt } = call
  const until = call.endedAt ?? Date.now()
  const around = faults.between(beganAt - FAULTS_AROUND_MS, until + FAULTS_AROUND_MS)
  const lines = [
    ...line.timeline
      .filter(isTold)
      .map((entry) => ({ at: beganAt + entry.atMs, text: `carrier  ${entryText(entry)}` })),
    ...(written?.events ?? []).map((event) => ({
      at: event.at.getTime(),
      text: `database ${event.type}${event.cause ? ` (${event.cause})` : ''}: ${event.before} -> ${event.after}`,
    })),
    ...around.flatMap(({ kind, detail, from, until: to }) => [
      { at: from, text: `FAULT    ${kind} ${detail}${to === from ? '' : ' begins'}` },
      ...(to !== null && to > from ? [{ at: to, text: `FAULT    ${kind} ${detail} is over` }] : []),
    ]),
  ].sort((one, other) => one.at - other.at)
  const began = `${new Date(beganAt).toISOString()}, call ${written?.id ?? '(not written)'}, ${line.sid}`
  return [
    `${broken.toUpperCase()}: ${why}`,
    `  seed ${seed}, call number ${plan.number} of the plan: ${JSON.stringify(plan)}`,
    `  ${began}, now ${written?.state ?? 'nowhere'}, outcome ${written?.outcome ?? 'none'}`,
    ...lines.slice(-MOST_ENTRIES).map(({ at, text }) => `  ${seconds(at - beganAt)} ${text}`),
  ].join('\n')
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3).padStart(9)

/** Marks come back twice a second. */
const isTold = ({ type }: TimelineEntry): boolean => !type.startsWith('mark-')

function entryText(entry: TimelineEntry): string {
  const { type, callSid: _callSid, atMs: _atMs, ...rest } = entry
  return `${type} ${JSON.stringify(rest).slice(0, 200)}`
}
