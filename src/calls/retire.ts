import { callSystem } from '../../machines/call/call-system.ts'
import type { CallEffect } from '../../machines/call-events.ts'
import { type EndReason, type Fault, faultOf } from '../../machines/end-reasons.ts'
import type { CallState } from '../../machines/instructions.ts'
import type { SavedState } from '../../machines/saved-state.ts'
import type { Retirement } from '../actors/actor-definition.ts'
import type { Impasse } from '../actors/actor-store.ts'
import type { Saved } from '../actors/charts.ts'
import { beginSystem } from '../actors/machine-system.ts'
import { saveSystem } from '../actors/saved-system.ts'
import { firstLegId } from './for-release-before.ts'
import { callCharts } from './saved-call.ts'
import type { CallRow, CallTypes } from './store.ts'
import { type CallSnapshot, savedView, viewOf } from './view.ts'

/*
 * A call that cannot go on, because nobody knows its state, is ended in writing; its caller hears why nothing more comes.
 */

/** How calls end that could not go on. Their callers are owed an apology, whenever they ask. */
const RETIREMENTS: readonly (EndReason | null)[] = ['chart_retired', 'snapshot_corrupt']

/** A leg that has just asked is answered; one that is over needs no answer. */
const NEEDS_NO_REDIRECT = ['leg.instructionsRequested', 'leg.streamEnded', 'leg.ended']

type SavedCall = Saved & Pick<CallRow, 'outcome'>

/** A call as its row tells it. Of a call that a chart unknown here has saved, the words are that chart's. */
export function stateOfRow(row: SavedCall): CallState {
  const restored = callCharts.read(row)
  if (restored.is === 'corrupt') return apologising(viewOf(blankCall(row.id)), 'snapshot_corrupt')
  const view = restored.is === 'alive' ? viewOf(restored.snapshot) : foreignView(row)
  return RETIREMENTS.includes(row.outcome) ? apologising(view, row.outcome) : view
}

const foreignView = (row: Saved): CallState => savedView(callCharts.nearestToday(row) as SavedState)

const REASONS = { foreign: 'chart_retired', corrupt: 'snapshot_corrupt' } as const

export function retireCall(row: Saved, event: { type: string }, why: Impasse): Retirement<CallTypes> {
  const isCorrupt = why === 'corrupt'
  const reason = REASONS[why]
  const view = apologising(isCorrupt ? viewOf(blankCall(row.id)) : foreignView(row), reason)
  const end = { reason, fault: faultOf(reason) }
  return {
    stateAfter: 'ended',
    // What could not be read is set apart, for whoever wants to know what it was.
    snapshot: isCorrupt ? { ...saveSystem(endedCall(row.id, end)), corrupt: row.snapshot } : row.snapshot,
    view,
    effects: partingOf(event, view, reason),
    end,
  }
}

function partingOf({ type }: { type: string }, { context }: CallState, reason: EndReason): CallEffect[] {
  const { legId: leg, bridgeNumber } = context
  if (type === 'operator.hangupRequested') return [{ type: 'hangUpLeg', params: { leg, reason } }]
  if (NEEDS_NO_REDIRECT.includes(type)) return []
  return [{ type: 'redirectLeg', params: { leg, bridgeNumber } }]
}

const apologising = ({ voice, context }: CallState, endReason: EndReason | null): CallState => ({
  state: 'failed',
  bridge: null,
  voice,
  context: { ...context, endReason },
})

/** A call of which nothing is known. */
function blankCall(callId: string): CallSnapshot {
  const limits = { cloneMaxWaitMs: 0, legPatienceMs: 0, agentConnectMs: 0, callMaxMs: 0 }
  return beginSystem(callSystem, {
    legId: firstLegId(callId),
    admission: 'accepted',
    voice: { kind: 'default', voiceId: null },
    limits: { ...limits, greetingOverdueMs: 0, roundOverdueMs: 0, agentRecoveryMs: 0, agentPausesMs: [] },
  }).snapshot
}

/** The same, ended for a reason that its machines do not know. */
function endedCall(callId: string, output: { reason: EndReason; fault: Fault }): CallSnapshot {
  const { machines } = blankCall(callId)
  const { context } = machines.call
  const call = callSystem.machines.call.resolveState({
    status: 'done',
    value: 'ended',
    output,
    context: { ...context, endReason: output.reason },
  })
  return { status: 'done', output, machines: { ...machines, call } }
}
