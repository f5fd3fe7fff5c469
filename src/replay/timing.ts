import { delayOf } from '../actors/timer-id.ts'
import type { Difference } from './difference.ts'
import type { RecordedEvent } from './recorded-call.ts'
import type { Timers } from './reproduced.ts'

/*
 * Whether the chart of today would have given the timers of a call as much time as they had: an event that was recorded
 * after a timer of today would have run out is one that today's call would not have lived to hear.
 */

/** The timers that ran when an event came, and when the event before it came. */
export type Running = { timers: Timers; since: Date }

/** A timer of Node's may call back a millisecond before the clock says so. */
const EARLY_MS = 10
/** On a busy machine a timer fires some time after it is due, and whatever comes meanwhile is heard before. */
const LATE_MS = 100
/** What nobody has armed, long timers and those of a process that is gone, is found by a look at all timers once a second. */
const SWEPT_MS = 1_500

export function inTime({ at, event: { type } }: RecordedEvent, running: Running): Difference[] {
  const now = Date.parse(at)
  return [...tooEarly(type, now, running), ...tooLate(type, now, running)]
}

function tooEarly(type: string, now: number, { timers }: Running): Difference[] {
  const early = (timers.get(type)?.getTime() ?? now) - now
  return early > EARLY_MS ? [difference(type, now, `would have run ${seconds(early)} longer`)] : []
}

/** Each timer is told of once, with the first event that came too late for it; only the first to run out counts. */
function tooLate(type: string, now: number, { timers, since }: Running): Difference[] {
  const late = [...timers]
    .map(([timerId, dueAt]) => ({ timerId, due: dueAt.getTime() }))
    .filter(({ timerId, due }) => {
      const latest = due + (timerId === type ? SWEPT_MS : LATE_MS)
      return latest < now && latest >= since.getTime()
    })
    .sort((a, b) => a.due - b.due)
  return late.slice(0, 1).map(({ timerId, due }) => {
    const words = `would have run out ${seconds(now - due)} before, unless no process was there to fire it`
    return difference(timerId, now, words)
  })
}

const difference = (timerId: string, now: number, words: string): Difference => ({
  what: 'timer',
  recorded: new Date(now).toISOString(),
  reproduced: `${delayOf(timerId) ?? timerId} ${words}`,
})

const seconds = (ms: number) => `${ms / 1000} s`
