import { and, assign, setup } from 'xstate'
import type { AgentEvent, AgentOverride, CallInput, CallLimits } from '../call-events.ts'
import { type ToConversation, tell, tellOf } from './messages.ts'

/** A lost agent is brought back once, and again after it has talked for a while; else the caller hears the apology. */
const MAX_AGENT_RECONNECTS = 1

export type ConversationContext = {
  limits: Pick<CallLimits, 'agentConnectMs' | 'agentRecoveryMs' | 'agentPausesMs'>
  /** The bridge over which agent and caller hear each other; every word about the agent carries it. */
  agentBridge: number
  /** Counts the losses of the agent; forgotten when it has talked for AGENT_STEADY. */
  agentReconnects: number
  /** Counts connections to the agent; every word about one carries it. */
  agentConnection: number
  /** Counts the pauses since the agent was lost. */
  agentPauses: number
  /** What the vendor refused to change about the agent; it is not asked for again. */
  refusedOverrides: AgentOverride[]
  conversationId: string | null
}

const chart = setup({
  types: {} as { context: ConversationContext; events: AgentEvent | ToConversation; input: CallInput },
  delays: {
    AGENT_CONNECT: ({ context }) => context.limits.agentConnectMs,
    AGENT_RECOVERY: ({ context }) => context.limits.agentRecoveryMs,
    AGENT_PAUSE: ({ context: { limits, agentPauses } }) =>
      limits.agentPausesMs[agentPauses] ?? limits.agentPausesMs.at(-1) ?? 0,
    /** Who has talked for so long was no mere flicker: a loss after it is a new one. */
    AGENT_STEADY: 60_000,
    /** Rare enough to cost nothing, and far sooner than CALL_MAX for a call of whose end nobody heard. */
    TALK_CHECK: 300_000,
  },
  guards: {
    isThisConnection: ({ context, event }) =>
      'bridgeNumber' in event &&
      event.bridgeNumber === context.agentBridge &&
      (!('connection' in event) || (event.connection ?? context.agentConnection) === context.agentConnection),
    refusesVoice: ({ event }) => event.type === 'agent.overrideRefused' && event.override === 'voice',
    hasTalked: ({ context }) => context.conversationId !== null,
    /** What was refused once is refused again: nobody waits for that. */
    canReconnectAgent: ({ context, event }) =>
      context.agentReconnects < MAX_AGENT_RECONNECTS && !('isPermanent' in event && event.isPermanent),
  },
  actions: {
    useBridge: assign({
      agentBridge: ({ context, event }) =>
        event.type === 'call.converse' ? event.bridgeNumber : context.agentBridge,
    }),
    countReconnect: assign({
      agentReconnects: ({ context }) => context.agentReconnects + 1,
      agentPauses: 0,
    }),
    countPause: assign({ agentPauses: ({ context }) => context.agentPauses + 1 }),
    countConnection: assign({ agentConnection: ({ context }) => context.agentConnection + 1 }),
    forgetLosses: assign({ agentReconnects: 0 }),
    keepRefusal: assign({
      refusedOverrides: ({ context, event }) =>
        event.type === 'agent.overrideRefused'
          ? [...new Set([...context.refusedOverrides, event.override])]
          : context.refusedOverrides,
    }),
    keepConversation: assign({
      conversationId: ({ context, event }) =>
        event.type === 'agent.ready' ? event.conversationId : context.conversationId,
    }),
  },
})

const tellVoiceRefused = tellOf('voice', 'conversation.refusesVoice', ({ event }: { event: AgentEvent }) => ({
  voiceId: event.type === 'agent.overrideRefused' ? event.voiceId : null,
  isGone: event.type === 'agent.overrideRefused' && event.isGone,
}))

const overBecause = (reason: 'agent_ended' | 'agent_lost' | 'agent_unreachable') =>
  tell('call', { type: 'conversation.isOver', reason })

const ready = {
  guard: 'isThisConnection',
  target: '#conversation.live.talking',
  actions: 'keepConversation',
} as const

/** A lost agent is tried again after pauses that grow, until it answers or AGENT_RECOVERY is over. */
const recovering = chart.createStateConfig({
  initial: 'backingOff',
  entry: 'countReconnect',
  after: { AGENT_RECOVERY: 'agentGone' },
  states: {
    backingOff: {
      description: 'The voice agent was lost; it is reached again in a moment, and the caller hears music.',
      after: { AGENT_PAUSE: 'reconnecting' },
    },
    reconnecting: {
      description: 'The voice agent is being reached again, with the conversation so far.',
      entry: 'countConnection',
      on: {
        'agent.ready': ready,
        'agent.lost': { guard: 'isThisConnection', target: 'backingOff', actions: 'countPause' },
      },
      after: { AGENT_CONNECT: { target: 'backingOff', actions: 'countPause' } },
    },
  },
})

const live = chart.createStateConfig({
  description: 'There is a bridge over which agent and caller can hear each other.',
  initial: 'connecting',
  on: {
    'call.pause': 'idle',
    'agent.overrideRefused': [
      { guard: and(['isThisConnection', 'refusesVoice']), actions: tellVoiceRefused },
      { guard: 'isThisConnection', actions: 'keepRefusal' },
    ],
    'agent.ended': { guard: 'isThisConnection', target: 'over', actions: overBecause('agent_ended') },
  },
  states: {
    connecting: {
      description: 'The voice agent is being reached.',
      entry: 'countConnection',
      on: {
        'agent.ready': ready,
        'agent.lost': { guard: 'isThisConnection', target: 'deciding' },
      },
      after: { AGENT_CONNECT: 'deciding' },
    },
    talking: {
      description: 'Caller and agent hear each other.',
      on: { 'agent.lost': { guard: 'isThisConnection', target: 'deciding' } },
      after: {
        AGENT_STEADY: { actions: 'forgetLosses' },
        TALK_CHECK: {
          target: 'talking',
          reenter: true,
          actions: tell('leg', { type: 'conversation.checkLeg' }),
        },
      },
    },
    deciding: {
      description:
        'The agent was not reached or was lost: it is tried again, or the caller hears the apology.',
      always: [{ guard: 'canReconnectAgent', target: 'recovering' }, { target: 'agentGone' }],
    },
    recovering,
    agentGone: {
      description: 'The agent cannot be brought back.',
      always: [
        { guard: 'hasTalked', target: '#conversation.over', actions: overBecause('agent_lost') },
        { target: '#conversation.over', actions: overBecause('agent_unreachable') },
      ],
    },
  },
})

/** The voice agent's session: reached over each bridge of the call, and reached again when it is lost. */
export const conversationMachine = chart.createMachine({
  id: 'conversation',
  context: ({ input: { limits } }) => ({
    limits: {
      agentConnectMs: limits.agentConnectMs,
      agentRecoveryMs: limits.agentRecoveryMs,
      agentPausesMs: limits.agentPausesMs,
    },
    agentBridge: 0,
    agentReconnects: 0,
    agentConnection: 0,
    agentPauses: 0,
    refusedOverrides: [],
    conversationId: null,
  }),
  initial: 'idle',
  on: { 'call.isOver': '.over' },
  states: {
    idle: {
      description: 'There is no bridge, and so no agent.',
      on: { 'call.converse': { target: 'live', actions: 'useBridge' } },
    },
    live,
    over: {
      description: 'The agent has ended the conversation or cannot be brought back, or the call is over.',
      type: 'final',
    },
  },
})
