import type { CallEvent, CallInput } from '../../machines/call-events.ts'
import type { EndReason } from '../../machines/end-reasons.ts'
import type { BridgeState, LegState, VoiceState } from '../../machines/instructions.ts'
import {
  type AnyEvent,
  begin,
  type CallSnapshot,
  delayOf,
  feed,
  INPUTS,
  placeOf,
  type TimerEvent,
  viewOf,
} from './call-model.ts'
import { coveringWays, simpleWays, type Way, wordsFor } from './ways.ts'

/*
 * Ways through the chart as plain data, for whoever plays them on something real. Attempt numbers in the events are
 * those that the call has at that step, and every event changes something.
 */

/** Who acts: the carrier by webhook or with its media stream, a vendor, a person, or nobody while time passes. */
export type Party = 'carrier' | 'agent' | 'voice' | 'operator' | 'timer'

/** A call's state in the words of CallView; the voice of a call that has ended is no longer told. */
export type ExpectedState = {
  state: LegState
  bridge: BridgeState | null
  voice: VoiceState | null
  attempt: number
  endReason: EndReason | null
}

export type PathStep = { expect: ExpectedState } & (
  | { party: Exclude<Party, 'timer'>; event: CallEvent }
  /** `timer` is the id under which the chart armed it, which is also the event that it fires as. */
  | { party: 'timer'; delay: string; timer: TimerEvent['type'] }
)

export type CallPath = {
  /** Unique: the input and what happens, in order. */
  name: string
  input: CallInput
  /** The state that the call begins in, before the first step. */
  begins: ExpectedState
  steps: PathStep[]
  expectState: ExpectedState
}

/**
 * A small set of paths that together cover the chart (every state and every transition) or, larger, the table too: every
 * event and timer in every place where it changes something.
 */
export function coveringPaths(cover: 'chart' | 'table'): CallPath[] {
  return coveringWays(cover).map(pathOf)
}

/** Every way that a call with one voice, one bridge and no interference can go, from its beginning to its end. */
export function simplePaths(): CallPath[] {
  const ended = ({ status }: CallSnapshot) => status === 'done'
  const bridged = (call: CallSnapshot) => placeOf(call).leg === 'bridged.connecting'
  const ways = [
    ...simpleWays('voice to clone', bridged),
    ...simpleWays('cached voice', ended),
    ...simpleWays('no capacity', ended),
  ]
  return ways.map(pathOf)
}

function pathOf({ inputName, events }: Way): CallPath {
  const input = INPUTS[inputName]
  let { snapshot } = begin(input)
  const begins = expectedOf(snapshot)
  const steps = events.map((event) => {
    snapshot = feed(snapshot, event).snapshot
    return stepOf(event, expectedOf(snapshot))
  })
  const name = [inputName, ...events.map(wordsFor)].join(', ')
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
  if (sender === 'leg' || sender === 'media') return 'carrier'
  return sender as 'agent' | 'voice' | 'operator'
}

/** A state of the chart in the words of a path. */
export function expectedOf(snapshot: CallSnapshot): ExpectedState {
  const { state, bridge, voice, context } = viewOf(snapshot)
  return {
    state,
    bridge,
    voice: snapshot.status === 'done' ? null : voice,
    attempt: context.attempt,
    endReason: context.endReason,
  }
}
