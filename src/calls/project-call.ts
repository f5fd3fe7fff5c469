import { LEG_ADDRESSES } from '../../machines/call/call-system.ts'
import type { Projected } from '../actors/actor-definition.ts'
import type { CallColumns, CallTypes } from './store.ts'
import type { CallSnapshot } from './view.ts'

/** What is written of a call's state into columns: the one place where SQL is told what a state means. */
export function projectCall({ snapshot, view, end }: Projected<CallTypes>): CallColumns {
  const { state, bridge, voice, context } = view
  return {
    state: end ? 'ended' : state,
    bridge,
    voiceState: voice,
    voiceId: context.voiceId,
    bridgeNumber: context.bridgeNumber,
    takesCapacity: end === null && state !== 'rejected',
    isBridged: state === 'bridged',
    awaitsLastWord: state === 'closing',
    hasCachedVoice: voice === 'cached',
    legsGone: snapshot ? legsGone(snapshot) : {},
    conversationId: context.conversationId ?? null,
    transferTo: context.transferTo ?? null,
    transferOutcome: context.transferOutcome ?? null,
    outcome: end?.reason ?? null,
    fault: end?.fault ?? null,
  }
}

function legsGone({ machines }: CallSnapshot): CallColumns['legsGone'] {
  const contexts = Object.values(LEG_ADDRESSES).map((address) => machines[address].context)
  return Object.fromEntries(
    contexts.flatMap(({ legId, goneBecause }) => (goneBecause === null ? [] : [[legId, goneBecause]])),
  )
}
