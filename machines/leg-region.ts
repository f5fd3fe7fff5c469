import { and } from 'xstate'
import { chart, hangUp } from './call-setup.ts'

/** This bridge is over while the call lives; a report about an earlier one changes nothing. */
const streamEnded = { guard: 'isThisStream', target: '#bridgingAgain' } as const

/** The carrier no longer asks: the leg is taken to be gone, and told to go in case it is not. */
const giveUpOnLeg = {
  target: '#ended',
  actions: [{ type: 'endBecause', params: { reason: 'carrier_lost' } }, hangUp],
} as const

/** The carrier should have hung up by itself after the last word, and is told to in case it did not. */
const farewellOver = { target: '#ended', actions: hangUp } as const

/** The agent is being reached: it answers, is lost, or takes too long. */
const reachingTheAgent = {
  on: {
    'agent.ready': { guard: 'isThisBridge', target: 'talking', actions: 'keepConversation' },
    'agent.lost': { guard: 'isThisBridge', target: 'deciding' },
  },
  after: { AGENT_CONNECT: 'deciding' },
} as const

const bridged = chart.createStateConfig({
  description: 'The carrier and the relay are joined.',
  initial: 'connecting',
  on: {
    'agent.ended': {
      guard: 'isThisBridge',
      target: 'closing',
      actions: { type: 'endBecause', params: { reason: 'agent_ended' } },
    },
    'leg.streamEnded': streamEnded,
    'media.lost': [
      { guard: and(['isThisBridge', 'isAnnounced']), target: 'departing' },
      { guard: 'isThisBridge', target: 'rejoining' },
    ],
  },
  states: {
    connecting: { description: 'The voice agent is being reached.', ...reachingTheAgent },
    talking: {
      description: 'Caller and agent hear each other.',
      on: { 'agent.lost': { guard: 'isThisBridge', target: 'deciding' } },
    },
    deciding: {
      description: 'The agent was not reached or was lost: once more, or the apology.',
      always: [
        { guard: 'canReconnectAgent', target: 'reconnecting', actions: 'countReconnect' },
        {
          guard: 'hasTalked',
          target: '#failed',
          actions: { type: 'endBecause', params: { reason: 'agent_lost' } },
        },
        { target: '#failed', actions: { type: 'endBecause', params: { reason: 'agent_unreachable' } } },
      ],
    },
    reconnecting: {
      description: 'The voice agent is being reached again, with the conversation so far.',
      ...reachingTheAgent,
    },
  },
})

const waitingForVoice = {
  on: {
    'leg.asked': 'polling',
    'voice.settled': { target: 'moving', actions: 'nextAttempt' },
  },
  after: { LEG_PATIENCE: giveUpOnLeg },
} as const

/** The carrier's stream is gone: either the leg asks again and is bridged again, or the call is over. */
const waitingForLeg = (reason: 'caller_hung_up' | 'media_lost') =>
  ({
    on: { 'leg.asked': '#bridgingAgain', 'leg.streamEnded': streamEnded },
    after: {
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
      ...waitingForVoice,
    },
    hold: {
      description: 'The caller hears a round of hold music while the voice is cloned.',
      ...waitingForVoice,
    },
    polling: {
      description: 'The leg has asked whether the voice is there.',
      always: [
        { guard: 'voiceIsSettled', target: 'joining', actions: 'nextAttempt' },
        { target: 'hold', actions: 'nextHoldRound' },
      ],
    },
    moving: {
      description: 'The voice is there: the carrier is told to ask now rather than at its next poll.',
      entry: { type: 'moveLeg', params: ({ context }) => ({ attempt: context.attempt }) },
      always: 'joining',
    },
    joining: {
      id: 'joining',
      description: 'The leg is told to open its media stream, and the stream is awaited.',
      on: {
        'media.joined': { guard: 'isThisBridge', target: 'bridged' },
        'leg.streamEnded': streamEnded,
      },
      after: { LEG_PATIENCE: giveUpOnLeg },
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
