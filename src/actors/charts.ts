import { createHash } from 'node:crypto'
import type { ActorRow } from './actor-store.ts'
import { type ChartState, systemDefinition } from './chart-definition.ts'
import type { MachineSystem, SystemSnapshot } from './machine-system.ts'
import { restoreSystem, type SavedSystem } from './saved-system.ts'

/** Where an actor was saved to be, by whatever chart. */
export type SavedState = { value: unknown; context: Record<string, unknown>; status: string }

/** What becomes of an actor that an older chart saved; from one version to the next. */
export type ChartUpgrade = {
  to: string
  upgrade: (saved: SavedState, id: string) => SavedState
  /** Delays that the older chart could not arm: those of the states that the actor is in begin with the upgrade. */
  arms: readonly string[]
  /** What timers of the older chart are called now, for those that changed; null for a timer of a state that is no more. */
  timers: Readonly<Record<string, string | null>>
}

/** What the way from an older chart asks for besides another snapshot. */
export type Upgraded = Pick<ChartUpgrade, 'arms' | 'timers'>

export type Restored<System extends MachineSystem> =
  | { is: 'alive'; snapshot: SystemSnapshot<System>; upgraded: Upgraded | null }
  /** Of a chart that only another process may know. */
  | { is: 'foreign' }
  | { is: 'corrupt'; why: string }

export type Saved = Pick<ActorRow, 'id' | 'snapshot' | 'chartVersion'>

export type ChartsOptions<System extends MachineSystem> = {
  system: System
  /** By the version that each leads away from. */
  upgrades?: Readonly<Record<string, ChartUpgrade>>
  /** What is wrong with what the machines of today remember, in words that hold none of it; null when nothing is. */
  faultIn?: (context: Record<string, unknown>) => string | null
  /** Of what is saved, that which the machines of today go on from; the rest is for other releases to read. */
  ownPart?: (saved: SavedState) => SavedState
}

/** The chart of this process for a kind of actor, and what it makes of actors that others have saved. */
export class Charts<System extends MachineSystem> {
  /**
   * Names the chart of this process: its version, and its states, so that a chart whose version somebody forgot to raise is not
   * taken for another. Saved with every step; no two kinds of actor may share a version.
   */
  readonly id: string
  /** The charts whose actors this process can take a step with. */
  readonly known: readonly string[]
  readonly system: System
  readonly #version: string
  readonly #upgrades: Readonly<Record<string, ChartUpgrade>>
  readonly #faultIn: (context: Record<string, unknown>) => string | null
  readonly #ownPart: (saved: SavedState) => SavedState

  constructor({
    system,
    upgrades = {},
    faultIn = () => null,
    ownPart = (saved) => saved,
  }: ChartsOptions<System>) {
    if (system.version === null) throw new Error(`${system.id} is saved, and has no version.`)
    this.system = system
    this.#version = system.version
    this.#upgrades = upgrades
    this.#faultIn = faultIn
    this.#ownPart = ownPart
    this.id = `${this.#version}.${fingerprint(system)}`
    this.known = [...Object.keys(upgrades), this.id]
  }

  /** The names by which another process may know a chart that this one cannot go on from: its own, or that of its version. */
  namesElsewhere(chart: string): string[] {
    return [...new Set([chart, versionOf(chart)])].filter((name) => !this.known.includes(name))
  }

  read({ id, snapshot, chartVersion }: Saved): Restored<System> {
    if (!isRecord(snapshot)) return { is: 'corrupt', why: 'it is no object' }
    let saved = snapshot as SavedState
    const steps = this.#upgradesFrom(chartVersion)
    if ((steps.at(-1)?.to ?? versionOf(chartVersion)) !== this.#version) return { is: 'foreign' }
    for (const step of steps) {
      const why = faultInState(saved)
      if (why) return { is: 'corrupt', why }
      saved = step.upgrade(saved, id)
    }
    const why = faultInState(saved) ?? this.#faultIn(saved.context)
    if (why) return { is: 'corrupt', why }
    const restored = restoreSystem(this.system, this.#ownPart(saved) as SavedSystem)
    if (restored)
      return { is: 'alive', snapshot: restored, upgraded: steps.length > 0 ? upgradedBy(steps) : null }
    return chartVersion === this.id
      ? { is: 'corrupt', why: 'the chart that saved it has no such state' }
      : { is: 'foreign' }
  }

  /** The actor's snapshot, alive again; null when the chart of today has no place for it. */
  restore(saved: Saved): SystemSnapshot<System> | null {
    const restored = this.read(saved)
    return restored.is === 'alive' ? restored.snapshot : null
  }

  /** What was saved, as near to what the chart of today saves as it can be brought, and nothing about it is certain. */
  nearestToday({ id, snapshot, chartVersion }: Saved): SavedState {
    const steps = this.#upgradesFrom(chartVersion)
    return steps.reduce((saved, step) => step.upgrade(saved, id), snapshot as SavedState)
  }

  /** What the chart of today calls a timer that an older one named; null when it has none such. */
  timerToday(timerId: string, chartVersion: string): string | null {
    return renamedBy(this.#upgradesFrom(chartVersion), timerId)
  }

  /** The way from an older chart towards that of today; none from that of today, nor from one that nothing is known of. */
  #upgradesFrom(chart: string): ChartUpgrade[] {
    const steps: ChartUpgrade[] = []
    for (let step = this.#upgrades[versionOf(chart)]; step; step = this.#upgrades[step.to]) steps.push(step)
    return steps
  }
}

const upgradedBy = (steps: ChartUpgrade[]): Upgraded => ({
  arms: steps.flatMap(({ arms }) => arms),
  timers: Object.fromEntries(
    steps.flatMap(({ timers }) => Object.keys(timers)).map((timer) => [timer, renamedBy(steps, timer)]),
  ),
})

const renamedBy = (steps: ChartUpgrade[], timer: string): string | null =>
  steps.reduce<string | null>(
    (name, { timers }) => (name !== null && Object.hasOwn(timers, name) ? (timers[name] ?? null) : name),
    timer,
  )

function versionOf(chart: string): string {
  return chart.split('.', 1)[0] ?? ''
}

function fingerprint(system: MachineSystem): string {
  const idsIn = ({ id, states }: ChartState): string[] => [id, ...Object.values(states).flatMap(idsIn)]
  const states = idsIn(systemDefinition(system)).sort().join('\n')
  return createHash('sha256').update(states).digest('hex').slice(0, 8)
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is wrong with a saved actor in a few words, none of them its own; null when nothing is. */
function faultInState({ value, context, status }: SavedState): string | null {
  if (typeof value !== 'string' && !isRecord(value)) return 'it has no state'
  if (status !== 'active' && status !== 'done') return 'it has no status'
  return isRecord(context) ? null : 'it has no context'
}
