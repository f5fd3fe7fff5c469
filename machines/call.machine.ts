import type { CallInput } from './call-events.ts'
import { chart, endReasonOf, hangUp } from './call-setup.ts'
import { faultOf } from './end-reasons.ts'
import { legRegion } from './leg-region.ts'
import { ADDED_LIMITS } from './upgrades.ts'
import { voiceRegion } from './voice-region.ts'

/*
 *            leg.asked          leg.asked, no voice yet
 * greeting ───────────► polling ───────────────► hold ──┐
 *    │                     │ ▲─────── leg.asked ────────┤
 *    │ voice.settled       │ voice settled              │ voice.settled
 *    └─► redirecting ──► joining ◄── redirecting ◄──────┘
 *                          │   ▲
 *             media.joined ▼   │ bridgingAgain, as the leg asks or reports the end of its stream
 *                       bridged ──media.lost──► departing | rejoining
 *         (connecting, talking, recovering: backingOff ⇄ reconnecting)
 *
 * From every state a call may go to failed (the caller hears an apology) or closing (a hang-up), and to ended.
 *
 * Beside the leg, the voice: lookup ─► cached | default | cloning ─► cloned | default.
 *
 * docs/states.md explains each.
 */

/**
 * Saved with every snapshot; raised with every change that a saved state would not survive, together with an upgrade in
 * upgrades.ts from the version before.
 */
export const CHART_VERSION = '2'

export const callMachine = chart.createMachine({
  id: 'call',
  version: CHART_VERSION,
  context: ({ input }) => ({
    limits: { ...ADDED_LIMITS, ...input.limits },
    voice: input.voice,
    voiceId: voiceBeforeCloning(input.voice),
    holdRound: 0,
    attempt: 0,
    agentReconnects: 0,
    agentConnection: 0,
    agentPauses: 0,
    refusedOverrides: [],
    conversationId: null,
    redirects: 0,
    unresponsiveBridge: null,
    endReason: input.admission === 'accepted' ? null : input.admission,
  }),
  output: ({ context }) => ({ reason: endReasonOf(context), fault: faultOf(endReasonOf(context)) }),
  initial: 'live',
  states: {
    live: {
      type: 'parallel',
      on: { 'leg.ended': { target: 'ended', actions: 'endAsCarrierSays' } },
      after: {
        CALL_MAX: {
          target: 'ended',
          actions: [{ type: 'endBecause', params: { reason: 'too_long' } }, hangUp],
        },
      },
      states: {
        voice: voiceRegion,
        leg: legRegion,
      },
    },
    ended: {
      id: 'ended',
      description: 'The call is over and written down; nothing that is said to it changes anything.',
      type: 'final',
    },
  },
})

function voiceBeforeCloning(voice: CallInput['voice']): string | null {
  return voice.kind === 'clone' ? voice.fallbackVoiceId : voice.voiceId
}
