import { getShortestPaths, getSimplePaths } from 'xstate/graph'
import { callMachine } from '../../machines/call.machine.ts'
import { MAX_JOINS } from '../../machines/call-setup.ts'
import { traversal } from './call-graph.ts'
import {
  type AnyEvent,
  begin,
  type CallSnapshot,
  delayOf,
  eventsIn,
  feed,
  INPUTS,
  placeOf,
  serializeState,
} from './call-model.ts'
import { elementsOfBeginning, elementsOfStep } from './chart-coverage.ts'

/*
 * The search for ways through the chart: XState finds the shortest and the simple ones, and of the shortest the few are
 * taken that cover all there is to cover.
 */

type InputName = keyof typeof INPUTS

/** What happens to a call that began with this input, in order. */
export type Way = { inputName: InputName; events: AnyEvent[] }

/** What the ways shall go through: the chart's states and transitions, or also the cells of the table. */
export type Cover = 'chart' | 'table'

/** Few ways that together go through everything. */
export function coveringWays(cover: Cover): Way[] {
  const known = new Map<string, Walked>()
  return fewest(allShortestWays(), (way) => elementsOf(way, cover, known))
}

/** The search takes a second; whoever asks for another cover need not wait for it again. */
let searched: Way[] | null = null

function allShortestWays(): Way[] {
  searched ??= (Object.keys(INPUTS) as InputName[]).flatMap(shortestWays)
  return searched
}

/** Every way without a circle to such a state, with one bridge and no interference. */
export function simpleWays(inputName: InputName, toState: (call: CallSnapshot) => boolean): Way[] {
  const options = { ...traversal(INPUTS[inputName]), filterEvents: isWithoutInterference, toState }
  return getSimplePaths(callMachine, options).map(({ steps }) => ({ inputName, events: eventsOf(steps) }))
}

/** The number of simple ways grows with every turn that they may take: these keep it at about a hundred. */
function isWithoutInterference({ context }: CallSnapshot, event: AnyEvent): boolean {
  if (context.attempt > 1 || event.type === 'operator.hangupRequested') return false
  if (event.type === 'leg.ended') return event.status === 'completed'
  return delayOf(event.type) !== 'CALL_MAX'
}

/** For each thing that can happen in each state: the shortest way there, and that thing. */
function shortestWays(inputName: InputName): Way[] {
  const paths = getShortestPaths(callMachine, traversal(INPUTS[inputName]))
  return paths
    .filter(({ state: { context } }) => context.attempt <= 1 || context.attempt === MAX_JOINS)
    .flatMap(({ state, steps }) =>
      eventsIn(state).map((last) => ({ inputName, events: [...eventsOf(steps), last] })),
    )
}

/** The first step of XState's paths is its own initial event. */
const eventsOf = (steps: { event: { type: string } }[]) =>
  steps.slice(1).map(({ event }) => event as AnyEvent)

/** Takes, again and again, the way that adds most for its length, until none adds anything. */
function fewest(ways: Way[], elements: (way: Way) => string[]): Way[] {
  const left = ways.map((way) => ({ way, adds: new Set(elements(way)) }))
  const worth = ({ way, adds }: (typeof left)[number]) => adds.size / (way.events.length + 1)
  const taken: Way[] = []
  for (;;) {
    const best = left.reduce((a, b) => (worth(b) > worth(a) ? b : a))
    if (best.adds.size === 0) return taken
    taken.push(best.way)
    const gained = [...best.adds]
    for (const { adds } of left) for (const element of gained) adds.delete(element)
  }
}

type Walked = { snapshot: CallSnapshot; elements: string[] }

/** What a way goes through. `known` remembers each step: ways to neighbouring states share most of theirs. */
function elementsOf({ inputName, events }: Way, cover: Cover, known: Map<string, Walked>): string[] {
  const walked = [remember(known, inputName, () => walkedAtFirst(inputName))]
  for (const event of events) {
    const from = walked.at(-1)?.snapshot
    if (!from) break
    const step = `${serializeState(from)} ${JSON.stringify(event)}`
    walked.push(remember(known, step, () => walkedBy(from, event, cover)))
  }
  return walked.flatMap(({ elements }) => elements)
}

function walkedAtFirst(inputName: InputName): Walked {
  const input = INPUTS[inputName]
  return { snapshot: begin(input).snapshot, elements: elementsOfBeginning(input) }
}

function walkedBy(from: CallSnapshot, event: AnyEvent, cover: Cover): Walked {
  const elements = elementsOfStep(from, event)
  if (cover === 'table') elements.push(cellOf(from, event))
  return { snapshot: feed(from, event).snapshot, elements }
}

function remember(known: Map<string, Walked>, key: string, walk: () => Walked): Walked {
  const found = known.get(key) ?? walk()
  known.set(key, found)
  return found
}

/** The place of an event in the table: a row, in which a voice that is still waited for counts, and a column. */
export function cellOf(snapshot: CallSnapshot, event: AnyEvent): string {
  const { leg, voice } = placeOf(snapshot)
  return `${voice === 'cloning' ? `${leg} while cloning` : leg}: ${columnOf(event)}`
}

function columnOf(event: AnyEvent): string {
  if (event.type === 'media.lost') return event.clean ? 'media.lost, announced' : 'media.lost, broken'
  return delayOf(event.type) ?? event.type
}

/** An event or timer in the fewest words that tell it from others. */
export function wordsFor(event: AnyEvent): string {
  if (event.type === 'leg.ended') return `leg.ended as ${event.status}`
  return event.type === 'media.lost'
    ? event.clean
      ? 'media.lost announced'
      : 'media.lost broken'
    : columnOf(event)
}
