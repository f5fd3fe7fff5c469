import type { TestDatabase } from '../../support/database.ts'
import { writtenCall } from '../records.ts'
import type { Broken, WrittenEvent } from '../verdict.ts'
import type { Watch } from '../watch.ts'
import type { JudgedCall } from './outcome.ts'
import type { RollingCall } from './rolling-call.ts'
import { rollingVerdict } from './verdict.ts'

type Known = {
  db: TestDatabase
  watch: Watch<RollingCall>
  /** When the time of the old version was up, of `Date.now()`. */
  drainedAt: number
}

/** What is to be said of the calls, once all are over and written. */
export function judgedCalls(calls: readonly RollingCall[], known: Known): Promise<JudgedCall[]> {
  return Promise.all(calls.map((call) => judgedCall(call, known)))
}

async function judgedCall(call: RollingCall, { db, watch, drainedAt }: Known): Promise<JudgedCall> {
  const { number, carrier, place, endsBy } = call.plan
  const { callId, gaveUp, endedBy, hasApologized, outcome, wasThere } = call
  const metTheEndOfDrain = call.endedAt !== null && call.endedAt >= drainedAt
  const known = { carrier, place, endsBy, gaveUp, endedBy, hasApologized, metTheEndOfDrain, outcome }
  const { end, why } = rollingVerdict(known)
  const isUpgraded = call.chartThen !== null && call.chart !== call.chartThen
  const events = (await writtenCall(db, call.sid))?.events ?? []
  const also: Broken[] = []
  if (events.filter(({ after }) => after === 'ended').length > 1) also.push('doubled')
  else if (watch.doubled.has(call)) also.push('doubled')
  if (watch.stuck.has(call)) also.push('stuck')
  return {
    number,
    carrier,
    place,
    callId,
    wasThere,
    isUpgraded,
    end,
    why,
    also,
    told: toldOf(call, events),
  }
}

/** By the clock, with which both begin their lines. */
const toldOf = ({ seenByCarrier }: RollingCall, events: WrittenEvent[]): string[] =>
  [...seenByCarrier, ...events.map(eventLine)].sort()

const eventLine = ({ at, type, cause, before, after }: WrittenEvent): string =>
  `${at.toISOString()} database: ${type}${cause ? ` (${cause})` : ''}: ${before} -> ${after}`
