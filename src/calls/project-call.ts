import type { CallState } from '../../machines/instructions.ts'
import type { CallColumns, CallTypes } from './store.ts'

/** What is written of a call's state into columns: the one place where SQL is told what a state means. */
export function projectCall({
  view: { state, bridge, voice, context },
  end,
}: {
  view: CallState
  end: CallTypes['end'] | null
}): CallColumns {
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
    conversationId: context.conversationId ?? null,
    outcome: end?.reason ?? null,
    fault: end?.fault ?? null,
  }
}
