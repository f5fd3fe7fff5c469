import { assign, setup, stateIn } from 'xstate'
import type {
  AgentOverride,
  CallEvent,
  CallInput,
  CallLimits,
  InternalEvent,
  LegEndStatus,
} from './call-events.ts'
import type { EndReason, Fault } from './end-reasons.ts'

/** The first bridge and five more: a carrier that drops its media stream more often will not keep the next one either. */
export const MAX_JOINS = 6
/** A lost agent is brought back once, and again after it has talked for a while; else the caller hears the apology. */
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
  /** Counts the losses of the agent; forgotten when it has talked for AGENT_STEADY. */
  agentReconnects: number
  /** Counts connections to the agent; every word about one carries it. */
  agentConnection: number
  /** Counts the pauses since the agent was lost. */
  agentPauses: number
  /** What the vendor refused to change about the agent; it is not asked for again. */
  refusedOverrides: AgentOverride[]
  conversationId: string | null
  /** Counts how often the carrier was asked about the leg. */
  redirects: number
  /** The bridge whose relay gives no sign of life; null while none is suspected. */
  unresponsiveBridge: number | null
  endReason: EndReason | null
}

/** Why the call ends; `carrier_lost` stands in while nobody has given a reason yet. */
export const endReasonOf = (context: CallContext): EndReason => context.endReason ?? 'carrier_lost'

/** Tells the carrier to end the call, with the reason that was kept; comes after whatever sets one. */
export const hangUp = {
  type: 'hangUpLeg',
  params: ({ context }: { context: CallContext }) => ({ reason: endReasonOf(context) }),
} as const

/** Has the carrier's leg ask, wherever the call is now; comes after whatever makes another bridge. */
export const redirectLeg = {
  type: 'redirectLeg',
  params: ({ context }: { context: CallContext }) => ({ attempt: context.attempt }),
} as const

/** Asks the carrier whether a call still lives that nobody has spoken of for long. */
export const checkLeg = {
  type: 'checkLeg',
  params: ({ context }: { context: CallContext }) => ({ attempt: context.attempt }),
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
    GREETING_OVERDUE: ({ context }) => context.limits.greetingOverdueMs,
    ROUND_OVERDUE: ({ context }) => context.limits.roundOverdueMs,
    /** A carrier opens the stream within a second or two of being told. */
    JOIN_OVERDUE: 10_000,
    AGENT_CONNECT: ({ context }) => context.limits.agentConnectMs,
    AGENT_RECOVERY: ({ context }) => context.limits.agentRecoveryMs,
    AGENT_PAUSE: ({ context: { limits, agentPauses } }) =>
      limits.agentPausesMs[agentPauses] ?? limits.agentPausesMs.at(-1) ?? 0,
    /** Who has talked for so long was no mere flicker: a loss after it is a new one. */
    AGENT_STEADY: 60_000,
    /** Rare enough to cost nothing, and far sooner than CALL_MAX for a call of whose end nobody heard. */
    TALK_CHECK: 300_000,
    CALL_MAX: ({ context }) => context.limits.callMaxMs,
    /** Long enough for the carrier's webhook after its stream closed, short enough not to keep a dead call. */
    REJOIN_PATIENCE: 15_000,
    /** A carrier asks within a second of the end of its stream; later than this it has to be asked. */
    REJOIN_OVERDUE: 3_000,
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
    isThisConnection: ({ context, event }) =>
      'attempt' in event &&
      event.attempt === context.attempt &&
      (!('connection' in event) || (event.connection ?? context.agentConnection) === context.agentConnection),
    refusesVoice: ({ event }) => event.type === 'agent.overrideRefused' && event.override === 'voice',
    saysVoiceIsGone: ({ event }) => event.type === 'agent.overrideRefused' && event.isGone,
    /** A carrier may report the end of a stream twice, and late; one that cannot say which stream it means is believed. */
    isThisStream: ({ context, event }) =>
      event.type === 'leg.streamEnded' && (event.attempt ?? context.attempt) === context.attempt,
    /** The carrier has taken the leg out of this very bridge; a question that was merely repeated says no such thing. */
    leavesThisBridge: ({ context, event }) => event.type === 'leg.asked' && event.leaves === context.attempt,
    isAnnounced: ({ event }) => event.type === 'media.lost' && event.clean,
    canJoinAgain: ({ context }) => context.attempt < MAX_JOINS,
    hasTalked: ({ context }) => context.conversationId !== null,
    /** What was refused once is refused again: nobody waits for that. */
    canReconnectAgent: ({ context, event }) =>
      context.agentReconnects < MAX_AGENT_RECONNECTS && !('isPermanent' in event && event.isPermanent),
  },
  actions: {
    /** Effects are only named here; src/calls carries them out from the committed list. */
    requestClone: (_, _params: { sampleKey: string }) => {},
    recordCloneTimeout: (_, _params: { sampleKey: string }) => {},
    redirectLeg: (_, _params: { attempt: number }) => {},
    checkLeg: (_, _params: { attempt: number }) => {},
    forgetVoice: (_, _params: { sampleKey: string; voiceId: string }) => {},
    hangUpLeg: (_, _params: { reason: EndReason }) => {},
    useVoice: assign(({ event, context }) => ({
      voiceId: event.type === 'voice.ready' ? event.voiceId : context.voiceId,
    })),
    nextHoldRound: assign({ holdRound: ({ context }) => context.holdRound + 1 }),
    nextAttempt: assign({ attempt: ({ context }) => context.attempt + 1 }),
    countRedirect: assign({ redirects: ({ context }) => context.redirects + 1 }),
    suspectRelay: assign({ unresponsiveBridge: ({ context }) => context.attempt }),
    countReconnect: assign({
      agentReconnects: ({ context }) => context.agentReconnects + 1,
      agentPauses: 0,
    }),
    countPause: assign({ agentPauses: ({ context }) => context.agentPauses + 1 }),
    countConnection: assign({ agentConnection: ({ context }) => context.agentConnection + 1 }),
    forgetLosses: assign({ agentReconnects: 0 }),
    keepRefusal: assign({
      refusedOverrides: ({ context, event }) =>
        event.type === 'agent.overrideRefused' && event.override !== 'voice'
          ? [...new Set([...context.refusedOverrides, event.override])]
          : context.refusedOverrides,
    }),
    /** What the agent was found to speak in when its voice was refused. */
    useOtherVoice: assign({
      voiceId: ({ context, event }) =>
        event.type === 'agent.overrideRefused' ? event.voiceId : context.voiceId,
    }),
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
