import { assign, setup, stateIn } from 'xstate'
import type { CallEvent, CallInput, CallLimits, InternalEvent, LegEndStatus } from './call-events.ts'
import type { EndReason, Fault } from './end-reasons.ts'

/** The first bridge and five more: a carrier that drops its media stream more often will not keep the next one either. */
export const MAX_JOINS = 6
/** One reconnect with the conversation so far; then the apology. */
const MAX_AGENT_RECONNECTS = 1

export type CallContext = {
  limits: CallLimits
  voice: CallInput['voice']
  /** The voice the agent shall speak in; null is the agent's own. */
  voiceId: string | null
  /** Counts hold rounds, so that the music goes on where it stopped. */
  holdRound: number
  /** Counts bridges; the media stream's token and every word about a stream carry it. */
  attempt: number
  agentReconnects: number
  conversationId: string | null
  endReason: EndReason | null
}

/** Why the call ends; `carrier_lost` stands in while nobody has given a reason yet. */
export const endReasonOf = (context: CallContext): EndReason => context.endReason ?? 'carrier_lost'

/** Tells the carrier to end the call, with the reason that was kept; comes after whatever sets one. */
export const hangUp = {
  type: 'hangUpLeg',
  params: ({ context }: { context: CallContext }) => ({ reason: endReasonOf(context) }),
} as const

const REASON_OF_STATUS: Record<LegEndStatus, EndReason> = {
  completed: 'caller_hung_up',
  canceled: 'caller_hung_up',
  busy: 'caller_busy',
  'no-answer': 'caller_no_answer',
  failed: 'carrier_failed',
  'media-server-lost': 'media_server_lost',
  'signalling-lost': 'signalling_lost',
  'holder-lost': 'leg_holder_lost',
}

export const chart = setup({
  types: {} as {
    context: CallContext
    events: CallEvent | InternalEvent
    input: CallInput
    output: { reason: EndReason; fault: Fault }
  },
  delays: {
    CLONE_MAX_WAIT: ({ context }) => context.limits.cloneMaxWaitMs,
    LEG_PATIENCE: ({ context }) => context.limits.legPatienceMs,
    AGENT_CONNECT: ({ context }) => context.limits.agentConnectMs,
    CALL_MAX: ({ context }) => context.limits.callMaxMs,
    /** Long enough for the carrier's webhook after its stream closed, short enough not to keep a dead call. */
    REJOIN_PATIENCE: 15_000,
    /** The apology or the busy message, spoken and followed by the carrier's own hang-up. */
    FAREWELL: 30_000,
  },
  guards: {
    isAccepted: ({ context }) => context.endReason === null,
    hasCachedVoice: ({ context }) => context.voice.kind === 'cached',
    /** A caller who is turned away never hears a voice, so none is paid for. */
    needsClone: ({ context }) => context.voice.kind === 'clone' && context.endReason === null,
    voiceIsSettled: stateIn('#voiceSettled'),
    isThisBridge: ({ context, event }) => 'attempt' in event && event.attempt === context.attempt,
    /** A carrier may report the end of a stream twice, and late; one that cannot say which stream it means is believed. */
    isThisStream: ({ context, event }) =>
      event.type === 'leg.streamEnded' && (event.attempt ?? context.attempt) === context.attempt,
    isAnnounced: ({ event }) => event.type === 'media.lost' && event.clean,
    canJoinAgain: ({ context }) => context.attempt < MAX_JOINS,
    hasTalked: ({ context }) => context.conversationId !== null,
    canReconnectAgent: ({ context }) => context.agentReconnects < MAX_AGENT_RECONNECTS,
  },
  actions: {
    /** Effects are only named here; src/calls carries them out from the committed list. */
    requestClone: (_, _params: { sampleKey: string }) => {},
    recordCloneTimeout: (_, _params: { sampleKey: string }) => {},
    moveLeg: (_, _params: { attempt: number }) => {},
    hangUpLeg: (_, _params: { reason: EndReason }) => {},
    useVoice: assign(({ event, context }) => ({
      voiceId: event.type === 'voice.ready' ? event.voiceId : context.voiceId,
    })),
    nextHoldRound: assign({ holdRound: ({ context }) => context.holdRound + 1 }),
    nextAttempt: assign({ attempt: ({ context }) => context.attempt + 1 }),
    countReconnect: assign({ agentReconnects: ({ context }) => context.agentReconnects + 1 }),
    keepConversation: assign({
      conversationId: ({ context, event }) =>
        event.type === 'agent.ready' ? event.conversationId : context.conversationId,
    }),
    /** The first reason is kept: what follows is only the last word of an end that began earlier. */
    endBecause: assign(({ context }, params: { reason: EndReason }) => ({
      endReason: context.endReason ?? params.reason,
    })),
    endAsCarrierSays: assign({
      endReason: ({ context, event }) =>
        context.endReason ?? (event.type === 'leg.ended' ? REASON_OF_STATUS[event.status] : null),
    }),
  },
})
