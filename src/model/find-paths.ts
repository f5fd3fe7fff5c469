import type { AnyMachineSnapshot } from 'xstate'
import { callSystem } from '../../machines/call/call-system.ts'
import type { LegEndStatus } from '../../machines/call-events.ts'
import type { SystemSnapshot } from '../actors/machine-system.ts'
import type { AnyEvent, CallSnapshot } from './call-model.ts'
import { isWithoutInterference } from './call-paths.ts'
import { graphOf } from './chart-walk.ts'
import type { ChartModel } from './explore.ts'
import type { PathsOptions } from './model-options.ts'
import { type Path, shortestPaths, simplePaths } from './paths.ts'
import { UnusableChart } from './unusable-chart.ts'

/*
 * The paths that `npm run model -- paths` was asked for.
 */

export function findPaths(model: ChartModel, { kind, to, limit, carrier }: PathsOptions): Path[] {
  const toState = to === null ? null : isAt(to, model)
  const found = kind === 'shortest' ? shortest(model, toState, limit) : simple(model, toState, limit)
  return carrier === null
    ? found
    : found.filter(({ events }) => events.every((event) => canSay(carrier, event)))
}

/** A state is meant by its id, or by the end of its path: `bridged.talking`. */
function isAt(name: string, { system }: ChartModel): (snapshot: SystemSnapshot) => boolean {
  const means = ({ id, path }: { id: string; path: string[] }) =>
    id === name || `.${path.join('.')}`.endsWith(`.${name}`) || id.endsWith(`.${name}`)
  const known = graphOf(system).states
  if (!known.some(means)) {
    const places = known.filter(({ path }) => path.length > 0).map(({ path }) => path.join('.'))
    throw new UnusableChart(`The chart has no state ${name}. It has: ${places.join(', ')}.`)
  }
  return ({ machines }) =>
    Object.values(machines).some(({ _nodes }: AnyMachineSnapshot) => _nodes.some(means))
}

type ToState = ((snapshot: SystemSnapshot) => boolean) | null

/** One path to each place, or to the one that is asked for from each beginning: the shortest. */
function shortest(model: ChartModel, toState: ToState, limit: number): Path[] {
  const kept = new Map<string, Path>()
  for (const inputName of Object.keys(model.inputs)) {
    for (const { state, ...path } of shortestPaths(model, { inputName, ...(toState && { toState }) })) {
      const place = toState ? inputName : model.rowName(state)
      const known = kept.get(place)
      if (!known || path.events.length < known.events.length) kept.set(place, path)
    }
  }
  return [...kept.values()].sort((a, b) => a.events.length - b.events.length).slice(0, limit)
}

/** From every beginning in its turn, so that each has its share of the limit. */
function simple(model: ChartModel, toState: ToState, limit: number): Path[] {
  // Of a call's chart, hang-ups at every turn and bridges that break again and again would crowd out the rest.
  const filterEvents =
    model.system.id === callSystem.id
      ? (snapshot: SystemSnapshot, event: { type: string }) =>
          isWithoutInterference(snapshot as CallSnapshot, event)
      : null
  const searches = Object.keys(model.inputs).map((inputName) =>
    simplePaths(model, { inputName, ...(toState && { toState }), ...(filterEvents && { filterEvents }) }),
  )
  const found: Path[] = []
  while (searches.length > 0 && found.length < limit) {
    const search = searches.shift()
    const next = search?.next()
    if (!search || !next || next.done) continue
    found.push(next.value)
    searches.push(search)
  }
  return found
}

/** What only a leg that we hold ourselves can come to. */
const SIP_ALONE: readonly LegEndStatus[] = ['media-server-lost', 'signalling-lost', 'holder-lost']

function canSay(carrier: NonNullable<PathsOptions['carrier']>, event: { type: string }): boolean {
  const ofCall = event as AnyEvent
  return carrier === 'sip' || ofCall.type !== 'leg.ended' || !SIP_ALONE.includes(ofCall.status)
}
