import { createHash } from 'node:crypto'
import type { ContextOf } from '../../machines/call/call-context.ts'
import { CHART_VERSION, callSystem } from '../../machines/call/call-system.ts'
import type { SavedState } from '../../machines/saved-state.ts'
import { UPGRADES, type Upgrade } from '../../machines/upgrades.ts'
import { type ChartState, systemDefinition } from '../actors/chart-definition.ts'
import { restoreSystem, type SavedSystem } from '../actors/saved-system.ts'
import { withoutOldNames } from './for-release-before.ts'
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
  const steps = upgradesFrom(chartVersion)
  if ((steps.at(-1)?.to ?? versionOf(chartVersion)) !== CHART_VERSION) return { is: 'foreign' }
  for (const step of steps) {
    const why = faultIn(saved)
    if (why) return { is: 'corrupt', why }
    saved = step.upgrade(saved)
  }
  const why = faultIn(saved) ?? faultInContexts(saved)
  if (why) return { is: 'corrupt', why }
  const restored = restoreSystem(callSystem, withoutOldNames(saved) as SavedSystem)
  if (restored)
    return { is: 'alive', snapshot: restored, upgraded: steps.length > 0 ? upgradedBy(steps) : null }
  return chartVersion === CHART_ID
    ? { is: 'corrupt', why: 'the chart that saved it has no such state' }
    : { is: 'foreign' }
}

/** The way from an older chart towards that of today; none from that of today, nor from one that nothing is known of. */
function upgradesFrom(chart: string): Upgrade[] {
  const steps: Upgrade[] = []
  for (let step = UPGRADES[versionOf(chart)]; step; step = UPGRADES[step.to]) steps.push(step)
  return steps
}

const upgradedBy = (steps: Upgrade[]): Upgraded => ({
  arms: steps.flatMap(({ arms }) => arms),
  timers: Object.fromEntries(
    steps.flatMap(({ timers }) => Object.keys(timers)).map((timer) => [timer, renamedBy(steps, timer)]),
  ),
})

const renamedBy = (steps: Upgrade[], timer: string): string | null =>
  steps.reduce<string | null>(
    (name, { timers }) => (name !== null && Object.hasOwn(timers, name) ? (timers[name] ?? null) : name),
    timer,
  )

/** What was saved, as near to what the chart of today saves as it can be brought, and nothing about it is certain. */
export const nearestToday = ({ snapshot, chartVersion }: Saved): SavedState =>
  upgradesFrom(chartVersion).reduce((saved, step) => step.upgrade(saved), snapshot as SavedState)

/** The call's snapshot, alive again; null when the chart of today has no place for it. */
export function restore(row: Saved): CallSnapshot | null {
  const restored = readSaved(row)
  return restored.is === 'alive' ? restored.snapshot : null
}

/** What the chart of today calls a timer that an older one named; null when it has none such. */
export const timerToday = (timerId: string, chartVersion: string): string | null =>
  renamedBy(upgradesFrom(chartVersion), timerId)

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
    bridgeNumber: isCount,
    redirects: isCount,
    unresponsiveBridge: (value) => value === null || isCount(value),
  },
  conversation: {
    limits: areLimits,
    agentBridge: isCount,
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
