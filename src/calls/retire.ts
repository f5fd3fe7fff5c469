import { callSystem } from '../../machines/call/call-system.ts'
import type { CallEffect } from '../../machines/call-events.ts'
import { type EndReason, type Fault, faultOf } from '../../machines/end-reasons.ts'
import type { CallState, CallView } from '../../machines/instructions.ts'
import { beginSystem } from '../actors/machine-system.ts'
import { saveSystem } from '../actors/saved-system.ts'
import { effectJobs } from './effect-jobs.ts'
import { CHART_ID, nearestToday, readSaved } from './saved-call.ts'
import type { CallRow, Step } from './store.ts'
import { type CallSnapshot, savedView, viewOf } from './view.ts'

/*
 * A call that cannot go on, because nobody knows its state, is ended in writing; its caller hears why nothing more comes.
 */

/** How calls end that could not go on. Their callers are owed an apology, whenever they ask. */
const RETIREMENTS: readonly (EndReason | null)[] = ['chart_retired', 'snapshot_corrupt']

/** A leg that has just asked is answered; one that is over needs no answer. */
const NEEDS_NO_REDIRECT = ['leg.instructionsRequested', 'leg.streamEnded', 'leg.ended']

/** A call as its row tells it. Of a call that a chart unknown here has saved, the words are that chart's. */
export const viewOfRow = (row: Saved & Pick<CallRow, 'lastSeq'>): CallView => ({
  ...stateOfRow(row),
  seq: row.lastSeq,
})

type Saved = Pick<CallRow, 'snapshot' | 'chartVersion' | 'outcome'>

function stateOfRow(row: Saved): CallState {
  const restored = readSaved(row)
  if (restored.is === 'corrupt') return apologising(viewOf(blankCall()), 'snapshot_corrupt')
  const view = restored.is === 'alive' ? viewOf(restored.snapshot) : savedView(nearestToday(row))
  return RETIREMENTS.includes(row.outcome) ? apologising(view, row.outcome) : view
}

export function retire(
  row: Pick<CallRow, 'id' | 'snapshot' | 'chartVersion' | 'lastSeq'>,
  event: { type: string },
  reason: 'chart_retired' | 'snapshot_corrupt',
): Step {
  const isCorrupt = reason === 'snapshot_corrupt'
  const view = apologising(isCorrupt ? viewOf(blankCall()) : savedView(nearestToday(row)), reason)
  const effects = partingOf(event, view, reason)
  const output = { reason, fault: faultOf(reason) }
  return {
    event,
    stateBefore: 'unknown',
    stateAfter: 'ended',
    // What could not be read is set apart, for whoever wants to know what it was.
    snapshot: isCorrupt ? { ...saveSystem(endedCall(output)), corrupt: row.snapshot } : row.snapshot,
    chartVersion: isCorrupt ? CHART_ID : row.chartVersion,
    view,
    timers: { set: [], cancel: [], rename: {} },
    effects,
    jobs: effectJobs(effects, { callId: row.id, state: view.state, seq: row.lastSeq + 1 }),
    end: output,
  }
}

function partingOf({ type }: { type: string }, { context }: CallState, reason: EndReason): CallEffect[] {
  if (type === 'operator.hangupRequested') return [{ type: 'hangUpLeg', params: { reason } }]
  if (NEEDS_NO_REDIRECT.includes(type)) return []
  return [{ type: 'redirectLeg', params: { bridgeNumber: context.bridgeNumber } }]
}

const apologising = ({ voice, context }: CallState, endReason: EndReason | null): CallState => ({
  state: 'failed',
  bridge: null,
  voice,
  context: { ...context, endReason },
})

/** A call of which nothing is known. */
function blankCall(): CallSnapshot {
  const limits = { cloneMaxWaitMs: 0, legPatienceMs: 0, agentConnectMs: 0, callMaxMs: 0 }
  return beginSystem(callSystem, {
    admission: 'accepted',
    voice: { kind: 'default', voiceId: null },
    limits: { ...limits, greetingOverdueMs: 0, roundOverdueMs: 0, agentRecoveryMs: 0, agentPausesMs: [] },
  }).snapshot
}

/** The same, ended for a reason that its machines do not know. */
function endedCall(output: { reason: EndReason; fault: Fault }): CallSnapshot {
  const { machines } = blankCall()
  const { context } = machines.call
  const call = callSystem.machines.call.resolveState({
    ...{ status: 'done', value: 'ended', output },
    context: { ...context, endReason: output.reason },
  })
  return { status: 'done', output, machines: { ...machines, call } }
}
