import type { SystemSnapshot } from '../../actors/machine-system.ts'
import { delayOf } from '../../actors/timer-id.ts'
import type { ChartModel, Edge, Explored } from '../explore.ts'
import { timersIn } from '../timers.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * How long a caller may hear nothing, in the worst case that the chart allows: every silent state lasts as long as its
 * nearest timer lets it, and the next one that follows is silent too. What a machine does beside the others makes no other state of it:
 * their timers run on meanwhile, and its own end no silence.
 */

export type SilenceLimits = {
  /** The longest that a caller may hear nothing. */
  silenceMs: number
  /** A carrier that is there answers within this; one that does not is gone, and nobody is on its line to hear silence. */
  carrierMs: number
}

type Silence<Snapshot> = { ms: number; states: { state: Snapshot; ms: number }[] }

export function checkSilence<Snapshot extends SystemSnapshot>(
  { hears, identity, rowName, beside = [] }: ChartModel<Snapshot>,
  graphs: Explored<Snapshot>[],
  limits: SilenceLimits,
): Checked {
  const rule = 'no silence'
  if (!hears) {
    const answer = 'nothing says what a caller hears in which state: export `hears` beside the machine'
    return { rule, findings: [], answer, isSkipped: true }
  }
  const unsaid = graphs.flatMap(({ states }) => states.filter((state) => hears(state) === 'not said'))
  const places = new Set(unsaid.map(rowName))
  if (places.size > 0) return { rule, findings: [...places].map(notSaid), answer: '' }
  const longest = graphs
    .map((graph) =>
      longestSilence(withoutBeside(graph, beside), { hears, identity, carrierMs: limits.carrierMs }),
    )
    .reduce((a, b) => (b.ms > a.ms ? b : a), NO_SILENCE as Silence<Snapshot>)
  const answer = `a caller hears nothing for at most ${seconds(longest.ms)} (allowed: ${seconds(limits.silenceMs)}), in ${longest.states.length} states that follow each other`
  const findings = longest.ms > limits.silenceMs ? [tooLong(longest, limits, rowName)] : []
  return { rule, findings, answer }
}

const notSaid = (where: string): Finding => ({
  where,
  why: 'nothing says what the caller hears there',
  mend: 'add the state to LEG_STATES and say in legInstructions what its leg is told, both in machines/instructions.ts',
})

const NO_SILENCE = { ms: 0, states: [] }

function tooLong<Snapshot extends SystemSnapshot>(
  silence: Silence<Snapshot>,
  { silenceMs }: SilenceLimits,
  rowName: ChartModel<Snapshot>['rowName'],
): Finding {
  const first = silence.states[0]
  return {
    where: first ? rowName(first.state) : '',
    why: `a caller may hear nothing for ${seconds(silence.ms)}, more than ${seconds(silenceMs)}${pathWords(silence, rowName)}`,
    mend: 'shorten the timers of these states, let one of them be heard, or allow more with --silence SECONDS',
  }
}

function pathWords<Snapshot extends SystemSnapshot>(
  { states }: Silence<Snapshot>,
  rowName: ChartModel<Snapshot>['rowName'],
): string {
  const path = states.map(({ state, ms }) => `${rowName(state)} ${seconds(ms)}`)
  return path.length === 0 ? '' : `: ${path.join(', ')}`
}

const seconds = (ms: number) => (ms === Infinity ? 'any time' : `${Math.round(ms / 100) / 10} s`)

type Listening<Snapshot extends SystemSnapshot> = {
  hears: NonNullable<ChartModel<Snapshot>['hears']>
  identity: ChartModel<Snapshot>['identity']
  carrierMs: number
}

/** As if these machines stayed where they begin. */
function withoutBeside<Snapshot extends SystemSnapshot>(
  { start, states, edges, ...explored }: Explored<Snapshot>,
  beside: readonly string[],
): Explored<Snapshot> {
  const atRest = Object.fromEntries(beside.map((address) => [address, start.snapshot.machines[address]]))
  const rested = (state: Snapshot) => ({ ...state, machines: { ...state.machines, ...atRest } })
  return {
    ...explored,
    start,
    states: states.map(rested),
    edges: edges.map((edge) => ({ ...edge, from: rested(edge.from), snapshot: rested(edge.snapshot) })),
  }
}

/** Infinite when silent states follow each other in a circle, or when nothing bounds one of them. */
function longestSilence<Snapshot extends SystemSnapshot>(
  { start, states, edges }: Explored<Snapshot>,
  { hears, identity, carrierMs }: Listening<Snapshot>,
): Silence<Snapshot> {
  const isSilent = (state: Snapshot) => hears(state).startsWith('nothing')
  const lengths = timerLengths([start, ...edges])
  const next = Map.groupBy(
    edges.filter(({ from, snapshot }) => isSilent(from) && isSilent(snapshot)),
    ({ from }) => identity(from),
  )
  const known = new Map<string, Silence<Snapshot>>()

  function silenceFrom(state: Snapshot): Silence<Snapshot> {
    const id = identity(state)
    const found = known.get(id)
    if (found) return found
    const carrier = hears(state) === 'nothing, until the carrier answers' ? carrierMs : Infinity
    const ms = Math.min(carrier, ...timersIn(state).map(({ type }) => lengths.get(type) ?? Infinity))
    // Stands for this state while what follows is looked at: to meet it again means that silence goes in a circle.
    known.set(id, { ms: Infinity, states: [{ state, ms: Infinity }] })
    const following = (next.get(id) ?? []).filter(({ snapshot }) => identity(snapshot) !== id)
    const rests = following.map(({ snapshot }) => silenceFrom(snapshot))
    const rest = rests.reduce((a, b) => (b.ms > a.ms ? b : a), NO_SILENCE as Silence<Snapshot>)
    const silence = { ms: ms + rest.ms, states: [{ state, ms }, ...rest.states] }
    known.set(id, silence)
    return silence
  }

  const silences = states.filter(isSilent).map(silenceFrom)
  return silences.reduce((a, b) => (b.ms > a.ms ? b : a), NO_SILENCE as Silence<Snapshot>)
}

/** How long each timer runs, as it was started; the longest where a call may start it differently. */
function timerLengths(steps: Pick<Edge, 'actions'>[]): Map<string, number> {
  const lengths = new Map<string, number>()
  for (const { type, params } of steps.flatMap(({ actions }) => [...actions])) {
    const { id, delay } = (params ?? {}) as { id?: string; delay?: number }
    if (type !== 'xstate.raise' || id === undefined || delay === undefined || delayOf(id) === null) continue
    lengths.set(id, Math.max(lengths.get(id) ?? 0, delay))
  }
  return lengths
}
