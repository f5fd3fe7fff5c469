import { and } from 'xstate'
import { chart, checkLeg, hangUp, redirectLeg } from './call-setup.ts'

/** This bridge is over while the call lives; a report about an earlier one changes nothing. */
const streamEnded = { guard: 'isThisStream', target: '#bridgingAgain' } as const

/** The carrier no longer asks: the leg is taken to be gone, and told to go in case it is not. */
const giveUpOnLeg = {
  target: '#ended',
  actions: [{ type: 'endBecause', params: { reason: 'carrier_lost' } }, hangUp],
} as const

/** The carrier is asked: it has the leg ask, or says how the call ended. */
const askCarrier = ['countRedirect', redirectLeg] as const

/** The carrier should have hung up by itself after the last word, and is told to in case it did not. */
const farewellOver = { target: '#ended', actions: hangUp } as const

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
        'agent.ready': { guard: 'isThisConnection', target: '#talking', actions: 'keepConversation' },
        'agent.lost': { guard: 'isThisConnection', target: 'backingOff', actions: 'countPause' },
      },
      after: { AGENT_CONNECT: { target: 'backingOff', actions: 'countPause' } },
    },
  },
})

const bridged = chart.createStateConfig({
  id: 'bridged',
  description: 'The carrier and the relay are joined.',
  initial: 'connecting',
  on: {
    'agent.overrideRefused': { guard: 'isThisConnection', actions: 'keepRefusal' },
    'agent.ended': {
      guard: 'isThisConnection',
      target: 'closing',
      actions: { type: 'endBecause', params: { reason: 'agent_ended' } },
    },
    'leg.asked': { guard: 'leavesThisBridge', target: '#bridgingAgain' },
    'leg.streamEnded': streamEnded,
    'relay.unresponsive': { guard: 'isThisBridge', actions: ['suspectRelay', ...askCarrier] },
    'media.lost': [
      { guard: and(['isThisBridge', 'isAnnounced']), target: 'departing' },
      { guard: 'isThisBridge', target: 'rejoining' },
    ],
  },
  states: {
    connecting: {
      description: 'The voice agent is being reached.',
      entry: 'countConnection',
      on: {
        'agent.ready': { guard: 'isThisConnection', target: 'talking', actions: 'keepConversation' },
        'agent.lost': { guard: 'isThisConnection', target: 'deciding' },
      },
      after: { AGENT_CONNECT: 'deciding' },
    },
    talking: {
      id: 'talking',
      description: 'Caller and agent hear each other.',
      on: { 'agent.lost': { guard: 'isThisConnection', target: 'deciding' } },
      after: {
        AGENT_STEADY: { actions: 'forgetLosses' },
        TALK_CHECK: { target: 'talking', reenter: true, actions: ['countRedirect', checkLeg] },
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
        {
          guard: 'hasTalked',
          target: '#failed',
          actions: { type: 'endBecause', params: { reason: 'agent_lost' } },
        },
        { target: '#failed', actions: { type: 'endBecause', params: { reason: 'agent_unreachable' } } },
      ],
    },
  },
})

const waitingForVoice = {
  'leg.asked': 'polling',
  'voice.settled': { target: 'redirecting', actions: 'nextAttempt' },
} as const

/** The carrier is asked in time about a leg that does not ask; only where it has no answer is the leg given up. */
const overdue = { actions: [...askCarrier] }

/** The carrier's stream is gone: either the leg asks again and is bridged again, or the call is over. */
const waitingForLeg = (reason: 'caller_hung_up' | 'media_lost') =>
  ({
    on: { 'leg.asked': '#bridgingAgain', 'leg.streamEnded': streamEnded },
    after: {
      REJOIN_OVERDUE: overdue,
      REJOIN_PATIENCE: {
        target: '#ended',
        actions: [{ type: 'endBecause', params: { reason } }, hangUp],
      },
    },
  }) as const

/** What the caller's leg goes through, from the first webhook to the last word. */
export const legRegion = chart.createStateConfig({
  initial: 'admitting',
  on: {
    'operator.hangupRequested': {
      target: '.closing',
      actions: [{ type: 'endBecause', params: { reason: 'operator_hung_up' } }, hangUp],
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
      after: { GREETING_OVERDUE: overdue, LEG_PATIENCE: giveUpOnLeg },
    },
    hold: {
      description: 'The caller hears a round of hold music while the voice is cloned.',
      on: waitingForVoice,
      after: { ROUND_OVERDUE: overdue, LEG_PATIENCE: giveUpOnLeg },
    },
    polling: {
      description: 'The leg has asked whether the voice is there.',
      always: [
        { guard: 'voiceIsSettled', target: 'joining', actions: 'nextAttempt' },
        { target: 'hold', actions: 'nextHoldRound' },
      ],
    },
    redirecting: {
      description: 'The voice is there: the carrier is told to ask now rather than at its next poll.',
      entry: [...askCarrier],
      always: 'joining',
    },
    joining: {
      id: 'joining',
      description: 'The leg is told to open its media stream, and the stream is awaited.',
      on: {
        'media.joined': { guard: 'isThisBridge', target: 'bridged' },
        'leg.streamEnded': streamEnded,
      },
      after: { JOIN_OVERDUE: overdue, LEG_PATIENCE: giveUpOnLeg },
    },
    bridged,
    bridgingAgain: {
      id: 'bridgingAgain',
      description: 'The bridge is over and the call lives: once more, or the apology.',
      always: [
        { guard: 'canJoinAgain', target: 'joining', actions: 'nextAttempt' },
        { target: 'failed', actions: { type: 'endBecause', params: { reason: 'media_lost' } } },
      ],
    },
    departing: {
      description:
        'The carrier announced the end of its stream: its report of the end, or its next question, is awaited.',
      ...waitingForLeg('caller_hung_up'),
    },
    rejoining: {
      description: 'The stream broke without a word: the leg is expected to ask, and is bridged again.',
      ...waitingForLeg('media_lost'),
    },
    failed: {
      id: 'failed',
      description: 'The caller hears an apology and the call is hung up.',
      after: { FAREWELL: farewellOver },
    },
    rejected: {
      description: 'The caller hears that all lines are busy and the call is hung up.',
      after: { FAREWELL: farewellOver },
    },
    closing: {
      description: 'The call is being hung up; what the agent said last is still played.',
      on: {
        'leg.asked': '#ended',
        'leg.streamEnded': { guard: 'isThisStream', target: '#ended' },
      },
      after: { FAREWELL: farewellOver },
    },
  },
})
