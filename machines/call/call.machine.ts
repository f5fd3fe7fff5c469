import { assign, setup } from 'xstate'
import type { CallInput, CallLimits, OperatorEvent } from '../call-events.ts'
import { type EndReason, type Fault, faultOf } from '../end-reasons.ts'
import { AWAITS_ANSWER, type ToCall, tell, tellOf } from './messages.ts'

/*
 *            leg.asks            voice.isPending
 * greeting ───────────► polling ───────────────► hold ──┐
 *    │                     │ ▲─────── leg.asks ─────────┤
 *    │                     │ voice.isSettled            │
 *    │ voice.isSettled     ▼                            │
 *    └─────────────────► bridging ◄─────────────────────┘
 *           leg.streams ▼       ▲ leg.streamsNoMore
 *                       bridged ┘
 *
 * From every state a call may go to failed (the caller hears an apology) or closing (a hang-up), and to ended.
 *
 * docs/states.md explains each.
 */

export type StoryContext = {
  limits: Pick<CallLimits, 'greetingOverdueMs' | 'roundOverdueMs' | 'callMaxMs'>
  /** Counts hold rounds, so that the music goes on where it stopped. */
  holdRound: number
  endReason: EndReason | null
}

const chart = setup({
  types: {} as {
    context: StoryContext
    events: OperatorEvent | ToCall
    input: CallInput
    output: { reason: EndReason; fault: Fault }
    tags: typeof AWAITS_ANSWER
  },
  delays: {
    GREETING_OVERDUE: ({ context }) => context.limits.greetingOverdueMs,
    ROUND_OVERDUE: ({ context }) => context.limits.roundOverdueMs,
    CALL_MAX: ({ context }) => context.limits.callMaxMs,
    /** The apology or the busy message, spoken and followed by the carrier's own hang-up. */
    FAREWELL: 30_000,
  },
  guards: {
    isAccepted: ({ context }) => context.endReason === null,
    isEndedByAgent: ({ event }) => event.type === 'conversation.isOver' && event.reason === 'agent_ended',
  },
  actions: {
    nextHoldRound: assign({ holdRound: ({ context }) => context.holdRound + 1 }),
    /** The first reason is kept: what follows is only the last word of an end that began earlier. */
    endBecause: assign(({ context }, params: { reason: EndReason }) => ({
      endReason: context.endReason ?? params.reason,
    })),
    endAsTold: assign({
      endReason: ({ context, event }) => context.endReason ?? ('reason' in event ? event.reason : null),
    }),
  },
})

/** Why the call ends; `carrier_lost` stands in while nobody has given a reason yet. */
const endReasonOf = ({ endReason }: StoryContext): EndReason => endReason ?? 'carrier_lost'

/** Has the carrier end the leg, with the reason that was kept; comes after whatever sets one. */
const hangUp = tellOf('leg', 'call.hangUp', ({ context }: { context: StoryContext }) => ({
  reason: endReasonOf(context),
}))
const redirect = tell('leg', { type: 'call.redirect' })
const bridge = tell('leg', { type: 'call.bridge' })
const letGo = tell('leg', { type: 'call.letGo' })
const pause = tell('conversation', { type: 'call.pause' })
const converse = tellOf('conversation', 'call.converse', ({ event }: { event: ToCall }) => ({
  bridgeNumber: event.type === 'leg.streams' ? event.bridgeNumber : 0,
}))

/** The carrier should have hung up by itself after the last word, and is told to in case it did not. */
const farewellOver = { target: 'ended', actions: hangUp } as const

const waitingForVoice = {
  'leg.asks': 'polling',
  // The carrier is told to ask now rather than at its next poll.
  'voice.isSettled': { target: 'bridging', actions: [bridge, redirect] },
} as const

/** The story that a caller lives: greeted, on hold, joined to the agent, and let go. */
export const callMachine = chart.createMachine({
  id: 'call',
  context: ({ input: { limits, admission } }) => ({
    limits: {
      greetingOverdueMs: limits.greetingOverdueMs,
      roundOverdueMs: limits.roundOverdueMs,
      callMaxMs: limits.callMaxMs,
    },
    holdRound: 0,
    endReason: admission === 'accepted' ? null : admission,
  }),
  output: ({ context }) => ({ reason: endReasonOf(context), fault: faultOf(endReasonOf(context)) }),
  initial: 'admitting',
  on: {
    'leg.isGone': { target: '.ended', actions: 'endAsTold' },
    'operator.hangupRequested': {
      target: '.closing',
      actions: [{ type: 'endBecause', params: { reason: 'operator_hung_up' } }, hangUp],
    },
  },
  after: {
    CALL_MAX: {
      target: '.ended',
      actions: [{ type: 'endBecause', params: { reason: 'too_long' } }, hangUp],
    },
  },
  states: {
    admitting: {
      description: 'Decides whether the call is taken at all.',
      always: [{ guard: 'isAccepted', target: 'greeting' }, { target: 'rejected' }],
    },
    greeting: {
      description: 'The caller hears the greeting and the first round of hold music.',
      on: waitingForVoice,
      after: { GREETING_OVERDUE: { actions: redirect } },
    },
    hold: {
      description: 'The caller hears a round of hold music while the voice is cloned.',
      on: waitingForVoice,
      after: { ROUND_OVERDUE: { actions: redirect } },
    },
    polling: {
      description: 'The leg has asked whether the voice is there.',
      tags: AWAITS_ANSWER,
      entry: tell('voice', { type: 'call.asksForVoice' }),
      on: {
        'voice.isSettled': { target: 'bridging', actions: bridge },
        'voice.isPending': { target: 'hold', actions: 'nextHoldRound' },
      },
    },
    bridging: {
      description: 'The leg is being joined to the relay, for the first time or again.',
      on: {
        'leg.streams': { target: 'bridged', actions: converse },
        'leg.isUnbridgeable': {
          target: 'failed',
          actions: { type: 'endBecause', params: { reason: 'media_lost' } },
        },
      },
    },
    bridged: {
      description: 'The carrier and the relay are joined.',
      on: {
        'leg.streamsNoMore': { target: 'bridging', actions: pause },
        'conversation.isOver': [
          { guard: 'isEndedByAgent', target: 'closing', actions: 'endAsTold' },
          { target: 'failed', actions: 'endAsTold' },
        ],
      },
    },
    failed: {
      description: 'The caller hears an apology and the call is hung up.',
      entry: letGo,
      after: { FAREWELL: farewellOver },
    },
    rejected: {
      description: 'The caller hears that all lines are busy and the call is hung up.',
      entry: letGo,
      after: { FAREWELL: farewellOver },
    },
    closing: {
      description: 'The call is being hung up; what the agent said last is still played.',
      entry: [letGo, pause],
      on: {
        'leg.asks': 'ended',
        'leg.hasLeftStream': 'ended',
        // Nobody plays the last word: silence would only keep the caller.
        'leg.hearsNothing': { actions: hangUp },
      },
      after: { FAREWELL: farewellOver },
    },
    ended: {
      description: 'The call is over and written down; nothing that is said to it changes anything.',
      entry: [tell('conversation', { type: 'call.isOver' }), tell('voice', { type: 'call.isOver' })],
      type: 'final',
    },
  },
})
