import { MAX_JOINS } from '../../machines/call/leg.machine.ts'
import type { CallEvent, CallInput } from '../../machines/call-events.ts'
import type { EndReason } from '../../machines/end-reasons.ts'
import type { BridgeState, CallState, LegState, VoiceState } from '../../machines/instructions.ts'
import { delayOf, type TimerEvent } from '../actors/timer-id.ts'
import { callChart } from './call-chart.ts'
import {
  type AnyEvent,
  begin,
  type CallSnapshot,
  eventsIn,
  feed,
  INPUTS,
  placeOf,
  viewOf,
} from './call-model.ts'
import { fewest, type Path, shortestPaths, simplePaths, walker } from './paths.ts'
import { cellOf, isBesideTransfer, wordsFor } from './table-labels.ts'

/*
 * Paths through the call's chart as plain data, for whoever plays them on something real. Attempt numbers in the events are
 * those that the call has at that step, and every event changes something.
 */

/** Who acts: the carrier by webhook or with its media stream, another node, a vendor, a person, or nobody while time passes. */
export type Party = 'carrier' | 'node' | 'agent' | 'voice' | 'operator' | 'timer'

/** A call's state in the words of CallState; the voice of a call that has ended is no longer told. */
export type ExpectedState = {
  state: LegState
  bridge: BridgeState | null
  voice: VoiceState | null
  bridgeNumber: number
  endReason: EndReason | null
}

export type PathStep = { expect: ExpectedState } & (
  | { party: Exclude<Party, 'timer'>; event: CallEvent }
  /** `timer` is the id under which the chart armed it, which is also the event that it fires as. */
  | { party: 'timer'; delay: string; timer: TimerEvent['type'] }
)

const CHART = callChart()

export type InputName = keyof typeof INPUTS
export const INPUT_NAMES = Object.keys(INPUTS) as InputName[]

export type CallPath = {
  /** Unique: the input and what happens, in order. */
  name: string
  input: CallInput
  /** The state that the call begins in, before the first step. */
  begins: ExpectedState
  steps: PathStep[]
  expectState: ExpectedState
}

/** Whether a call over some carrier can hear this in this place. */
export type CanHear = (call: CallState, event: AnyEvent) => boolean

const everything: CanHear = () => true

/**
 * A small set of paths that together cover the chart (every state and every transition) or, larger, the table too: every
 * event and timer in every place where it changes something. `canHear` leaves out what never happens.
 */
export function coveringPaths(cover: 'chart' | 'table', canHear = everything): CallPath[] {
  const cellsToo = (from: CallSnapshot, event: AnyEvent) =>
    cover === 'table' ? [cellOf(from, event)].filter((cell) => !isBesideTransfer(cell)) : []
  const elementsOf = walker(CHART)
  const paths = fewest(everyShortestPath(canHear), (path) =>
    elementsOf(path, (from, event) => cellsToo(from, event as AnyEvent)),
  )
  return paths.map(pathOf)
}

/** Every path that a call with one voice, one bridge and no interference can go, from its beginning to its end. */
export function simpleCallPaths(): CallPath[] {
  const ended = ({ status }: CallSnapshot) => status === 'done'
  const bridged = (call: CallSnapshot) => placeOf(call).leg === 'bridged.connecting'
  const searches = [
    { inputName: 'voice to clone', toState: bridged },
    { inputName: 'cached voice', toState: ended },
    { inputName: 'no capacity', toState: ended },
  ]
  return searches
    .flatMap((search) => [...simplePaths(CHART, { ...search, filterEvents: isWithoutInterference })])
    .map(pathOf)
}

/** Timers that end the call from outside, or that change nothing about where it is. */
const INTERFERING = [
  'CALL_MAX',
  'GREETING_OVERDUE',
  'ROUND_OVERDUE',
  'JOIN_OVERDUE',
  'REJOIN_OVERDUE',
  'AGENT_STEADY',
  'TALK_CHECK',
  'TRANSFER_RINGING',
]

/** The number of simple paths grows with every turn that they may take: these keep it at about a hundred. */
export function isWithoutInterference(call: CallSnapshot, event: { type: string }): boolean {
  const { context } = viewOf(call)
  const said = event as AnyEvent
  if (context.bridgeNumber > 1 || said.type === 'operator.hangupRequested') return false
  if (
    said.type === 'relay.unresponsive' ||
    (said.type === 'leg.instructionsRequested' && said.leaves !== undefined)
  )
    return false
  if (said.type === 'leg.ended') return said.status === 'completed'
  if (said.type.startsWith('transfer.')) return false
  if (said.type === 'agent.overrideRefused' || context.agentPauses > 0) return false
  return !INTERFERING.includes(delayOf(said.type) ?? '')
}

/** A search takes a second; whoever asks for another cover need not wait for it again. */
const searched = new Map<CanHear, Path[]>()

/** For each thing that can happen in each state: the shortest path there, and that thing. */
function everyShortestPath(canHear: CanHear): Path[] {
  const known = searched.get(canHear)
  if (known) return known
  const happens = (call: CallSnapshot, event: { type: string }) => canHear(viewOf(call), event as AnyEvent)
  const paths = INPUT_NAMES.flatMap((inputName) =>
    shortestPaths(CHART, { inputName, filterEvents: happens })
      .filter(({ state }) => [0, 1, MAX_JOINS].includes(viewOf(state).context.bridgeNumber))
      .flatMap(({ state, events }) =>
        eventsIn(state)
          .filter((event) => happens(state, event))
          .map((last) => ({ inputName, events: [...events, last] })),
      ),
  )
  searched.set(canHear, paths)
  return paths
}

/** The path of these events, with what the chart makes of each. */
export function pathOf({ inputName, events }: Path): CallPath {
  const input = INPUTS[inputName as InputName]
  let { snapshot } = begin(input)
  const begins = expectedOf(snapshot)
  const steps = (events as AnyEvent[]).map((event) => {
    snapshot = feed(snapshot, event).snapshot
    return stepOf(event, expectedOf(snapshot))
  })
  const name = [inputName, ...(events as AnyEvent[]).map(wordsFor)].join(', ')
  return { name, input, begins, steps, expectState: expectedOf(snapshot) }
}

function stepOf(event: AnyEvent, expect: ExpectedState): PathStep {
  const delay = delayOf(event.type)
  if (delay) return { party: 'timer', delay, timer: event.type as TimerEvent['type'], expect }
  const said = event as CallEvent
  return { party: partyOf(said), event: said, expect }
}

function partyOf({ type }: CallEvent): Exclude<Party, 'timer'> {
  const [sender] = type.split('.')
  if (sender === 'leg' || sender === 'media' || sender === 'transfer') return 'carrier'
  if (sender === 'relay') return 'node'
  return sender as 'agent' | 'voice' | 'operator'
}

/** A state of the chart in the words of a path. */
export function expectedOf(snapshot: CallSnapshot): ExpectedState {
  const { state, bridge, voice, context } = viewOf(snapshot)
  return {
    state,
    bridge,
    voice: snapshot.status === 'done' ? null : voice,
    bridgeNumber: context.bridgeNumber,
    endReason: context.endReason,
  }
}
