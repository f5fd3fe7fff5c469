import type { CallContext } from '../../machines/call/call-context.ts'
import { delayOf } from '../../src/actors/timer-id.ts'
import { exploreCall } from '../../src/model/call-chart.ts'
import {
  ALL_TIMERS,
  type AnyEvent,
  type CallSnapshot,
  feed,
  INPUTS,
  placeOf,
  type Step,
  viewOf,
} from '../../src/model/call-model.ts'
import { rowName } from '../../src/model/table-labels.ts'
import { timersIn } from '../../src/model/timers.ts'

/*
 * How the rows of the call's table come about: a call is led to a state, then every event and every timer is tried on
 * it, and what came of each is told in one line.
 */

export const contextOf = (call: CallSnapshot): CallContext => viewOf(call).context

type Send = (context: CallContext) => AnyEvent

const REFUSED = { type: 'agent.overrideRefused', detail: 'Override for field is not allowed.' } as const

/** The columns: every event, two for each that says more than its name. */
export const EVENTS = {
  'leg.instructionsRequested': () => ({ type: 'leg.instructionsRequested' }),
  'leg.instructionsRequested, leaving': ({ bridgeNumber }) => ({
    type: 'leg.instructionsRequested',
    leaves: bridgeNumber,
  }),
  'leg.streamEnded': ({ bridgeNumber }) => ({ type: 'leg.streamEnded', bridgeNumber }),
  'leg.ended': () => ({ type: 'leg.ended', status: 'completed', durationSeconds: 42 }),
  'media.joined': ({ bridgeNumber }) => ({ type: 'media.joined', bridgeNumber, node: 'node-1' }),
  'media.lost, announced': ({ bridgeNumber }) => ({ type: 'media.lost', bridgeNumber, clean: true }),
  'media.lost, broken': ({ bridgeNumber }) => ({ type: 'media.lost', bridgeNumber, clean: false }),
  'relay.unresponsive': ({ bridgeNumber }) => ({ type: 'relay.unresponsive', bridgeNumber }),
  'transfer.requested': ({ transferNumber }) => ({
    type: 'transfer.requested',
    transferNumber: transferNumber + 1,
    to: '+15550142999',
  }),
  'transfer.refused': () => ({
    type: 'transfer.refused',
    to: '+19005550100',
    status: 403,
    reason: 'not_allowed',
  }),
  'transfer.completed': ({ transferNumber }) => ({ type: 'transfer.completed', transferNumber }),
  'transfer.failed': ({ transferNumber }) => ({
    type: 'transfer.failed',
    transferNumber,
    status: 486,
    reason: 'busy',
  }),
  'agent.ready': ({ bridgeNumber, agentConnection: connection }) => ({
    type: 'agent.ready',
    bridgeNumber,
    connection,
    conversationId: 'talk-1',
  }),
  'agent.lost': ({ bridgeNumber, agentConnection: connection }) => ({
    type: 'agent.lost',
    bridgeNumber,
    connection,
    cause: 'closed',
    detail: '1011: internal error',
    isPermanent: false,
  }),
  'agent.ended': ({ bridgeNumber, agentConnection: connection }) => ({
    type: 'agent.ended',
    bridgeNumber,
    connection,
  }),
  'agent.overrideRefused': ({ bridgeNumber, agentConnection: connection }) => ({
    ...REFUSED,
    bridgeNumber,
    connection,
    override: 'language',
    voiceId: null,
    isGone: false,
  }),
  'voice.ready': () => ({ type: 'voice.ready', voiceId: 'cloned-voice' }),
  'voice.failed': () => ({ type: 'voice.failed', cause: 'rejected', detail: 'ElevenLabs answered 400.' }),
  'operator.hangupRequested': () => ({ type: 'operator.hangupRequested', by: 'operator' }),
} as const satisfies Record<string, Send>

export const DELAYS = [...new Set(ALL_TIMERS.map(({ type }) => delayOf(type) ?? ''))]

type EventColumn = keyof typeof EVENTS
export type Row = Record<string, string>

export const EVENT_COLUMNS = Object.keys(EVENTS) as EventColumn[]

const IGNORED = Object.fromEntries([...EVENT_COLUMNS, ...DELAYS].map((column) => [column, 'ignored']))

/** A row with these cells; what else can be said is ignored there. */
export const row = (cells: Row): Row => ({ ...IGNORED, ...cells })

/** What a settled voice was settled as; the leg does not care which. */
export type SettledVoice = 'cached' | 'cloned' | 'default'

export function led(from: CallSnapshot, ...columns: EventColumn[]): CallSnapshot {
  return columns.reduce(
    (snapshot, column) => feed(snapshot, EVENTS[column](contextOf(snapshot))).snapshot,
    from,
  )
}

/** Lets a timer run out that runs in this state. */
export function passing(from: CallSnapshot, delay: string): CallSnapshot {
  const timer = timersIn(from).find(({ type }) => delayOf(type) === delay)
  if (!timer) throw new Error(`No ${delay} runs in ${placeOf(from).leg}.`)
  return feed(from, timer).snapshot
}

type Lead = (voice: SettledVoice) => CallSnapshot | null

const calls: CallSnapshot[] = Object.values(INPUTS).flatMap((input) => exploreCall(input).states)
const byRow = Map.groupBy(calls, rowName)

/** Every state of this row that a call can be in. */
export const callsIn = (row: string): CallSnapshot[] => byRow.get(row) ?? []

/** The first call that comes to each row by the shortest way, once for every voice that it can have there; all end alike, if they do. */
export const LEADING_TO: Readonly<Record<string, Lead>> = Object.fromEntries(
  [...byRow].map(([row, [first, ...others]]) => [
    row,
    (voice) =>
      [first, ...others].find(
        (call) => call !== undefined && isOf(voice, call) && endOf(call) === endOf(first),
      ) ?? null,
  ]),
)

const isOf = (voice: SettledVoice, call: CallSnapshot) => [voice, 'cloning'].includes(viewOf(call).voice)
const endOf = (call: CallSnapshot | undefined) => call && contextOf(call).endReason

/** Tries every column on a state. */
export function rowOf(snapshot: CallSnapshot): Row {
  const events = EVENT_COLUMNS.map((column) => [
    column,
    outcome(snapshot, [EVENTS[column](contextOf(snapshot))]),
  ])
  const delays = DELAYS.map((delay) => [delay, outcome(snapshot, timersToTry(snapshot, delay))])
  return Object.fromEntries([...events, ...delays])
}

/** The running timers of this delay; if there is none, all of the chart's, as one of a state left may still come late. */
function timersToTry(snapshot: CallSnapshot, delay: string): AnyEvent[] {
  const running = timersIn(snapshot).filter(({ type }) => delayOf(type) === delay)
  return running.length > 0 ? running : ALL_TIMERS.filter(({ type }) => delayOf(type) === delay)
}

/** `ignored`, or `place; what changed in the context: what was asked of the world, in order`. */
function outcome(before: CallSnapshot, events: AnyEvent[]): string {
  const outcomes = new Set(events.map((event) => told(before, feed(before, event))))
  return [...outcomes].join(' OR ')
}

export function told(before: CallSnapshot, { snapshot, actions }: Step): string {
  if (snapshot === before && actions.length === 0) return 'ignored'
  const did = actions.map(toldAction).toSorted(effectsFirst).join(', ')
  const where = [placeOf(snapshot).leg, ...changes(before, snapshot)].join('; ')
  return did ? `${where}: ${did}` : where
}

/** How often the carrier was asked depends on the way that led here, and the effect tells it; a conversation's bridge is the leg's. */
const UNTOLD: readonly (keyof CallContext)[] = ['redirects', 'bridgeNumber', 'limits']

function changes(before: CallSnapshot, after: CallSnapshot): string[] {
  const voice = placeOf(after).voice
  const [was, is] = [contextOf(before), contextOf(after)]
  const fields = Object.keys(is) as (keyof CallContext)[]
  const told = fields.filter((field) => !UNTOLD.includes(field))
  const changed = told.filter((field) => is[field] !== was[field])
  return [
    ...(voice && voice !== placeOf(before).voice ? [`voice ${voice}`] : []),
    ...changed.map((field) => `${field} ${is[field]}`),
  ]
}

/** Effects in the order in which they are asked for, then timers, whose order means nothing. */
function effectsFirst(a: string, b: string): number {
  const [isTimerA, isTimerB] = [isTold(a), isTold(b)]
  return isTimerA && isTimerB ? a.localeCompare(b) : Number(isTimerA) - Number(isTimerB)
}

const isTold = (action: string) => /^(start|stop) /.test(action)

function toldAction(action: Step['actions'][number]): string {
  const { type, params } = action as { type: string; params: Record<string, unknown> }
  if (type === 'xstate.cancel') return `stop ${delayOf(String(params.sendId))}`
  if (type === 'xstate.raise') return `start ${delayOf(String(params.id))}`
  return [type, ...Object.values(params)].join(' ')
}
