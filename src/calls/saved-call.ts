import { createHash } from 'node:crypto'
import type { ContextOf } from '../../machines/call/call-context.ts'
import { CHART_VERSION, callSystem } from '../../machines/call/call-system.ts'
import type { SavedState } from '../../machines/saved-state.ts'
import { UPGRADES } from '../../machines/upgrades.ts'
import { type ChartState, systemDefinition } from '../actors/chart-definition.ts'
import { restoreSystem, type SavedSystem } from '../actors/saved-system.ts'
import type { CallRow } from './store.ts'
import type { CallSnapshot } from './view.ts'

/*
 * What a process makes of a call that was saved, perhaps by another release of the chart: it is alive, of a chart that only
 * another process knows, or no saved call at all.
 */

/**
 * Names the chart of this process: its version, and its states, so that a chart whose version somebody forgot to raise is not
 * taken for another. Saved with every step.
 */
export const CHART_ID = `${CHART_VERSION}.${fingerprint()}`

/** The charts whose calls this process can take a step with. */
export const KNOWN_CHARTS: readonly string[] = [...Object.keys(UPGRADES), CHART_ID]

/** The names by which another process may know a chart that this one cannot go on from: its own, or that of its version. */
export const namesElsewhere = (chart: string): string[] =>
  [...new Set([chart, versionOf(chart)])].filter((name) => !KNOWN_CHARTS.includes(name))

export type Saved = Pick<CallRow, 'snapshot' | 'chartVersion'>

/** What the way from an older chart asks for besides another snapshot. */
export type Upgraded = {
  /** Delays whose timers begin now. */
  arms: string[]
  /** What timers are called now; null for those that are no more. */
  timers: Readonly<Record<string, string | null>>
}

export type Restored =
  | { is: 'alive'; snapshot: CallSnapshot; upgraded: Upgraded | null }
  | { is: 'foreign' }
  | { is: 'corrupt'; why: string }

export function readSaved({ snapshot, chartVersion }: Saved): Restored {
  if (!isRecord(snapshot)) return { is: 'corrupt', why: 'it is no object' }
  let saved = snapshot as SavedState
  let version = versionOf(chartVersion)
  const upgraded: Upgraded = { arms: [], timers: {} }
  while (version !== CHART_VERSION) {
    const step = UPGRADES[version]
    if (!step) return { is: 'foreign' }
    const why = faultIn(saved)
    if (why) return { is: 'corrupt', why }
    saved = step.upgrade(saved)
    upgraded.arms.push(...step.arms)
    upgraded.timers = renamedAgain(upgraded.timers, step.timers)
    version = step.to
  }
  const why = faultIn(saved) ?? faultInContexts(saved)
  if (why) return { is: 'corrupt', why }
  const restored = restoreSystem(callSystem, saved as SavedSystem)
  if (restored) {
    const isOlder = versionOf(chartVersion) !== CHART_VERSION
    return { is: 'alive', snapshot: restored, upgraded: isOlder ? upgraded : null }
  }
  return chartVersion === CHART_ID
    ? { is: 'corrupt', why: 'the chart that saved it has no such state' }
    : { is: 'foreign' }
}

/** What was saved, as near to what the chart of today saves as it can be brought, and nothing about it is certain. */
export function nearestToday({ snapshot, chartVersion }: Saved): SavedState {
  let saved = snapshot as SavedState
  for (let step = UPGRADES[versionOf(chartVersion)]; step; step = UPGRADES[step.to])
    saved = step.upgrade(saved)
  return saved
}

/** The call's snapshot, alive again; null when the chart of today has no place for it. */
export function restore(row: Saved): CallSnapshot | null {
  const restored = readSaved(row)
  return restored.is === 'alive' ? restored.snapshot : null
}

/** What the chart of today calls a timer that an older one named; null when it has none such. */
export function timerToday(timerId: string, chartVersion: string): string | null {
  let name: string | null = timerId
  for (let version = versionOf(chartVersion); name !== null && version in UPGRADES; ) {
    const step = UPGRADES[version] as (typeof UPGRADES)[string]
    name = Object.hasOwn(step.timers, name) ? (step.timers[name] ?? null) : name
    version = step.to
  }
  return name
}

function renamedAgain(before: Upgraded['timers'], next: Upgraded['timers']): Upgraded['timers'] {
  const moved = Object.entries(before).map(([from, to]) => [
    from,
    to !== null && Object.hasOwn(next, to) ? next[to] : to,
  ])
  return { ...next, ...Object.fromEntries(moved) }
}

function versionOf(chart: string): string {
  return chart.split('.', 1)[0] ?? ''
}

function fingerprint(): string {
  const idsIn = ({ id, states }: ChartState): string[] => [id, ...Object.values(states).flatMap(idsIn)]
  const states = idsIn(systemDefinition(callSystem)).sort().join('\n')
  return createHash('sha256').update(states).digest('hex').slice(0, 8)
}

type Check = (value: unknown) => boolean

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0
const isTextOrNull: Check = (value) => value === null || typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isLength: Check = (value) => Number.isFinite(value)
const isLimit: Check = (value) => isLength(value) || (Array.isArray(value) && value.every(isLength))
const areLimits: Check = (value) => isRecord(value) && Object.values(value).every(isLimit)

/** What the machines go on from; a state with anything else in these places would fail in the middle of a step. */
const CONTEXTS: { [Address in keyof ContextOf]: { [Field in keyof ContextOf[Address]]: Check } } = {
  call: { limits: areLimits, holdRound: isCount, endReason: isTextOrNull },
  leg: {
    limits: areLimits,
    attempt: isCount,
    redirects: isCount,
    unresponsiveBridge: (value) => value === null || isCount(value),
  },
  conversation: {
    limits: areLimits,
    bridgeNumber: isCount,
    agentReconnects: isCount,
    agentConnection: isCount,
    agentPauses: isCount,
    refusedOverrides: Array.isArray,
    conversationId: isTextOrNull,
  },
  voice: {
    limits: areLimits,
    voice: (value) => isRecord(value) && ['default', 'cached', 'clone'].includes(`${value.kind}`),
    voiceId: isTextOrNull,
    isWanted: isFlag,
  },
}

/** What is wrong with a saved call in a few words, none of them its own; null when nothing is. */
function faultIn({ value, context, status }: SavedState): string | null {
  if (typeof value !== 'string' && !isRecord(value)) return 'it has no state'
  if (status !== 'active' && status !== 'done') return 'it has no status'
  return isRecord(context) ? null : 'it has no context'
}

function faultInContexts({ context }: SavedState): string | null {
  for (const [address, checks] of Object.entries(CONTEXTS)) {
    const remembered = context[address]
    if (!isRecord(remembered)) return `it has no context of its ${address}`
    const wrong = Object.entries(checks).find(([field, isRight]) => !isRight(remembered[field]))
    if (wrong) return `its ${wrong[0]} is missing or wrong`
  }
  return null
}
