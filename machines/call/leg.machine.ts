import { and, assign, setup } from 'xstate'
import type { CallInput, CallLimits, LegEndStatus, LegEvent, MediaEvent, RelayEvent } from '../call-events.ts'
import type { EndReason } from '../end-reasons.ts'
import { type ToLeg, tell, tellOf } from './messages.ts'

/** The first bridge and five more: a carrier that drops its media stream more often will not keep the next one either. */
export const MAX_JOINS = 6

export type LegContext = {
  legId: string
  limits: Pick<CallLimits, 'legPatienceMs'>
  /** Counts bridges; the media stream's token and every word about a stream carry it. */
  bridgeNumber: number
  /** Counts how often the carrier was asked about the leg. */
  redirects: number
  /** The bridge whose relay gives no sign of life; null while none is suspected. */
  unresponsiveBridge: number | null
  /** Why it is gone; null while it is not, and of a leg that ends with its call. */
  goneBecause: EndReason | null
}

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

const chart = setup({
  types: {} as { context: LegContext; events: LegEvent | MediaEvent | RelayEvent | ToLeg; input: CallInput },
  delays: {
    LEG_PATIENCE: ({ context }) => context.limits.legPatienceMs,
    /** A carrier opens the stream within a second or two of being told. */
    JOIN_OVERDUE: 10_000,
    /** Long enough for the carrier's webhook after its stream closed, short enough not to keep a dead call. */
    REJOIN_PATIENCE: 15_000,
    /** A carrier asks within a second of the end of its stream; later than this it has to be asked. */
    REJOIN_OVERDUE: 3_000,
  },
  guards: {
    isThisBridge: ({ context, event }) =>
      'bridgeNumber' in event && event.bridgeNumber === context.bridgeNumber,
    /** A carrier may report the end of a stream twice, and late; one that cannot say which stream it means is believed. */
    isThisStream: ({ context, event }) =>
      event.type === 'leg.streamEnded' &&
      (event.bridgeNumber ?? context.bridgeNumber) === context.bridgeNumber,
    /** The carrier has taken the leg out of this very bridge; a question that was merely repeated says no such thing. */
    leavesThisBridge: ({ context, event }) =>
      event.type === 'leg.instructionsRequested' && event.leaves === context.bridgeNumber,
    isAnnounced: ({ event }) => event.type === 'media.lost' && event.clean,
    canJoinAgain: ({ context }) => context.bridgeNumber < MAX_JOINS,
  },
  actions: {
    /** Effects are only named here; src/calls carries them out from the committed list. */
    redirectLeg: (_, _params: { leg: string; bridgeNumber: number }) => {},
    checkLeg: (_, _params: { leg: string; bridgeNumber: number }) => {},
    hangUpLeg: (_, _params: { leg: string; reason: EndReason }) => {},
    nextBridge: assign({ bridgeNumber: ({ context }) => context.bridgeNumber + 1 }),
    countRedirect: assign({ redirects: ({ context }) => context.redirects + 1 }),
    goneBecause: assign((_, params: { reason: EndReason }) => ({ goneBecause: params.reason })),
    suspectRelay: assign({ unresponsiveBridge: ({ context }) => context.bridgeNumber }),
  },
})

type Known = { context: LegContext }

const bridgeOf = ({ context: { bridgeNumber } }: Known) => ({ bridgeNumber })
const present = ({ context: { legId, bridgeNumber } }: Known) => ({ leg: legId, bridgeNumber })

/** The carrier is asked: it has the leg ask, or says how the call ended. */
const askCarrier = ['countRedirect', { type: 'redirectLeg', params: present }] as const

/** The carrier is asked in time about a leg that does not ask; only where it has no answer is the leg given up. */
const overdue = { actions: [...askCarrier] }

const asks = { actions: tell('call', { type: 'leg.asks' }) }

const streams = tellOf('call', 'leg.streams', bridgeOf)
const streamsNoMore = tell('call', { type: 'leg.streamsNoMore' })
const closes = tell('transfer', { type: 'leg.closes' })

/** This bridge is over while the call lives; a report about an earlier one changes nothing. */
const streamEnded = { guard: 'isThisStream', target: 'bridgingAgain' } as const

/** As the carrier says it ended. */
const reported = ({ event }: { event: { type: string } }): { reason: EndReason } => {
  const { status } = event as Extract<LegEvent, { type: 'leg.ended' }>
  return { reason: REASON_OF_STATUS[status] }
}

/** The carrier no longer asks: the leg is taken to be gone, and told to go in case it is not. */
const giveUp = (reason: EndReason) =>
  ({
    target: 'gone',
    actions: [
      { type: 'goneBecause', params: { reason } },
      { type: 'hangUpLeg', params: ({ context }: Known) => ({ leg: context.legId, reason }) },
      tell('call', { type: 'leg.isGone', reason }),
    ],
  }) as const

/** The carrier's stream is gone: either the leg asks again and is bridged again, or the call is over. */
const waiting = (reason: 'caller_hung_up' | 'media_lost') =>
  ({
    on: { 'leg.instructionsRequested': 'bridgingAgain', 'leg.streamEnded': streamEnded },
    after: { REJOIN_OVERDUE: overdue, REJOIN_PATIENCE: giveUp(reason) },
  }) as const

/** A carrier's line to one party: what it plays, its media stream, and how it ends. */
export const legMachine = chart.createMachine({
  id: 'leg',
  context: ({ input }) => ({
    limits: { legPatienceMs: input.limits.legPatienceMs },
    legId: input.legId,
    bridgeNumber: 0,
    redirects: 0,
    unresponsiveBridge: null,
    goneBecause: null,
  }),
  initial: 'answered',
  on: {
    'leg.ended': {
      target: '.gone',
      actions: [{ type: 'goneBecause', params: reported }, tellOf('call', 'leg.isGone', reported)],
    },
    'call.redirect': overdue,
    'conversation.checkLeg': { actions: ['countRedirect', { type: 'checkLeg', params: present }] },
    'call.letGo': '.closing',
    'call.hangUp': {
      target: '.closing',
      actions: {
        type: 'hangUpLeg',
        params: ({ context, event }) => ({ leg: context.legId, reason: event.reason }),
      },
    },
  },
  states: {
    answered: {
      description: 'The leg plays what it was told to, and asks when that is over.',
      on: {
        'leg.instructionsRequested': { target: 'answered', reenter: true, ...asks },
        'call.bridge': { target: 'opening', actions: 'nextBridge' },
      },
      after: { LEG_PATIENCE: giveUp('carrier_lost') },
    },
    opening: {
      description: 'The leg is told to open its media stream, and the stream is awaited.',
      on: {
        'media.joined': { guard: 'isThisBridge', target: 'streaming', actions: streams },
        'leg.streamEnded': streamEnded,
      },
      after: { JOIN_OVERDUE: overdue, LEG_PATIENCE: giveUp('carrier_lost') },
    },
    streaming: {
      description: 'The carrier’s media stream is open.',
      exit: streamsNoMore,
      on: {
        'leg.instructionsRequested': { guard: 'leavesThisBridge', target: 'bridgingAgain' },
        'leg.streamEnded': streamEnded,
        'relay.unresponsive': { guard: 'isThisBridge', actions: ['suspectRelay', ...askCarrier] },
        'media.lost': [
          { guard: and(['isThisBridge', 'isAnnounced']), target: 'awaitingHangup' },
          { guard: 'isThisBridge', target: 'awaitingRestream' },
        ],
      },
    },
    bridgingAgain: {
      description: 'The bridge is over and the call lives: once more, or never again.',
      always: [
        { guard: 'canJoinAgain', target: 'opening', actions: 'nextBridge' },
        { target: 'closing', actions: tell('call', { type: 'leg.isUnbridgeable' }) },
      ],
    },
    awaitingHangup: {
      description:
        'The carrier announced the end of its stream: its report of the end, or its next question, is awaited.',
      ...waiting('caller_hung_up'),
    },
    awaitingRestream: {
      description: 'The stream broke without a word: the leg is expected to ask, and is bridged again.',
      ...waiting('media_lost'),
    },
    closing: {
      description: 'The leg hears its last word, and is hung up.',
      entry: closes,
      on: {
        'leg.instructionsRequested': asks,
        'leg.streamEnded': {
          guard: 'isThisStream',
          actions: tell('call', { type: 'leg.hasLeftStream' }),
        },
        'relay.unresponsive': {
          guard: 'isThisBridge',
          actions: tell('call', { type: 'leg.hearsNothing' }),
        },
      },
    },
    gone: { description: 'The carrier has no such line any more.', type: 'final', entry: closes },
  },
})
