import type { World } from '../support/world.ts'
import type { ChaosCall } from './chaos-call.ts'
import type { FaultLog } from './fault-log.ts'
import { writtenCall } from './records.ts'
import { type Broken, verdictOn, type WrittenCall } from './verdict.ts'
import type { Watch } from './watch.ts'

/** A call of which something must be said, and all that is known of it. */
export type Finding = { broken: Broken | 'excused'; why: string; call: ChaosCall; written: WrittenCall }

type Scene = { world: World; faults: FaultLog; calls: readonly ChaosCall[] }

/** What is to be said of the calls, once all are over and written. */
export async function findingsOf(
  { world, faults, calls }: Scene,
  watch: Watch<ChaosCall>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const call of calls) {
    const written = await writtenCall(world.db, call.line.sid)
    const find = (broken: Finding['broken'], why: string) => findings.push({ broken, why, call, written })
    const verdict = verdictOn(call, written, faults)
    if (verdict) find(verdict.broken, verdict.why)
    const ends = written?.events.filter(({ after }) => after === 'ended').length ?? 0
    if (ends > 1) find('doubled', `it ended ${ends} times`)
    if (watch.doubled.has(call)) find('doubled', 'two agents at once')
    if (watch.stuck.has(call)) find('stuck', 'live though its caller was gone')
  }
  return findings
}
