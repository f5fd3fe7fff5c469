import { type ExecutableActionsFrom, initialTransition, transition } from 'xstate'
import { CHART_VERSION, callMachine } from '../../machines/call.machine.ts'
import type { CallEffect, CallEvent, CallInput } from '../../machines/call-events.ts'
import { faultOf } from '../../machines/end-reasons.ts'
import { effectJob } from './effect-jobs.ts'
import type { CallRow, Step } from './store.ts'
import { type CallSnapshot, lastVoice, legPath, viewOf } from './view.ts'

/*
 * The chart as a function: state and event in, a step to commit out. XState's pure transition lists the actions without
 * running them, so timers and effects become rows of the same transaction instead of things that a crash forgets.
 */

type Action = ExecutableActionsFrom<typeof callMachine>

/** A timer fires as the event that XState would have raised; its id is its type. */
export type TimerEvent = { type: `xstate.after.${string}` }

const NO_TIMERS: Step['timers'] = { set: [], cancel: [] }

export function beginCall(callId: string, input: CallInput, at: Date): Step {
  const [snapshot, actions] = initialTransition(callMachine, input)
  const event = { type: 'call.began', input }
  return stepTo(snapshot, actions, { callId, seq: 1, event, stateBefore: 'none', at })
}

/** What a step needs to know of a call. */
export type Steppable = Pick<CallRow, 'id' | 'snapshot' | 'chartVersion' | 'lastSeq' | 'endedAt'>

/** Null when the event changes nothing in the state that the call is in. */
export function stepCall(row: Steppable, event: CallEvent | TimerEvent, at: Date): Step | null {
  const before = restore(row)
  if (!before) return retire(row, event, at)
  // A fired timer is XState's own event; the machine's type only lists those that may be sent from outside.
  const [after, actions] = transition(callMachine, before, event as CallEvent)
  if (after === before) return null
  return stepTo(after, actions, {
    callId: row.id,
    seq: row.lastSeq + 1,
    event,
    stateBefore: legPath(before),
    at,
  })
}

/** The call's snapshot, alive again; null when the chart of today has no place for it. */
export function restore(row: Pick<CallRow, 'snapshot'>): CallSnapshot | null {
  try {
    const snapshot = callMachine.resolveState(row.snapshot as SavedSnapshot)
    return snapshot.status === 'error' ? null : (snapshot as CallSnapshot)
  } catch {
    return null
  }
}

/** What `getPersistedSnapshot` makes of a machine without children. */
type SavedSnapshot = Pick<CallSnapshot, 'value' | 'context' | 'status'>

type Circumstances = { callId: string; seq: number; event: { type: string }; stateBefore: string; at: Date }

function stepTo(snapshot: CallSnapshot, actions: Action[], about: Circumstances): Step {
  const effects = effectsOf(actions)
  return {
    event: about.event,
    stateBefore: about.stateBefore,
    stateAfter: legPath(snapshot),
    snapshot: callMachine.getPersistedSnapshot?.(snapshot) ?? {},
    chartVersion: CHART_VERSION,
    view: viewOf(snapshot),
    timers: snapshot.status === 'done' ? NO_TIMERS : timersOf(actions, about.at),
    effects,
    jobs: effects.map((effect, index) => effectJob(effect, about.callId, `${about.seq}.${index}`)),
    end: snapshot.status === 'done' ? (snapshot.output ?? null) : null,
    at: about.at,
  }
}

function effectsOf(actions: Action[]): CallEffect[] {
  return actions
    .filter((action) => !action.type.startsWith('xstate.'))
    .map(({ type, params }) => ({ type, params }) as CallEffect)
}

/** In the order in which the chart armed and cancelled them; the last word on each timer counts. */
function timersOf(actions: Action[], at: Date): Step['timers'] {
  const timers = new Map<string, Date | null>()
  for (const { type, params } of actions as { type: string; params: TimerParams }[]) {
    if (type === 'xstate.cancel' && params.sendId) timers.set(params.sendId, null)
    if (type === 'xstate.raise' && params.id && params.delay !== undefined) {
      timers.set(params.id, new Date(at.getTime() + params.delay))
    }
  }
  const entries = [...timers]
  return {
    set: entries.flatMap(([timerId, dueAt]) => (dueAt ? [{ timerId, dueAt }] : [])),
    cancel: entries.filter(([, dueAt]) => dueAt === null).map(([timerId]) => timerId),
  }
}

type TimerParams = { sendId?: string; id?: string; delay?: number }

/** A call whose state is gone from the chart cannot go on; it is ended in writing, and its leg is told to go. */
function retire(row: Steppable, event: { type: string }, at: Date): Step | null {
  if (row.endedAt) return null
  const reason = 'chart_retired'
  const effects: CallEffect[] = [{ type: 'hangUpLeg', params: { reason } }]
  const context = (row.snapshot as { context: CallSnapshot['context'] }).context
  return {
    event,
    stateBefore: 'unknown',
    stateAfter: 'ended',
    snapshot: row.snapshot,
    chartVersion: row.chartVersion,
    view: {
      state: 'ended',
      bridge: null,
      voice: lastVoice(context),
      context: { ...context, endReason: reason },
    },
    timers: NO_TIMERS,
    effects,
    jobs: effects.map((effect, index) => effectJob(effect, row.id, `${row.lastSeq + 1}.${index}`)),
    end: { reason, fault: faultOf(reason) },
    at,
  }
}
