import { createHash } from 'node:crypto'
import { CHART_VERSION, callMachine } from '../../machines/call.machine.ts'
import type { CallContext } from '../../machines/call-setup.ts'
import { type SavedState, UPGRADES } from '../../machines/upgrades.ts'
import { type ChartState, chartDefinition } from './chart-definition.ts'
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

export type Restored =
  | { is: 'alive'; snapshot: CallSnapshot; upgraded: { arms: string[]; forgets: string[] } | null }
  | { is: 'foreign' }
  | { is: 'corrupt'; why: string }

export function readSaved({ snapshot, chartVersion }: Saved): Restored {
  if (!isRecord(snapshot)) return { is: 'corrupt', why: 'it is no object' }
  const upgraded = { arms: [] as string[], forgets: [] as string[] }
  let saved = snapshot as SavedState
  let version = versionOf(chartVersion)
  while (version !== CHART_VERSION) {
    const step = UPGRADES[version]
    if (!step) return { is: 'foreign' }
    const why = faultIn(saved, {})
    if (why) return { is: 'corrupt', why }
    saved = step.upgrade(saved)
    upgraded.arms.push(...step.arms)
    upgraded.forgets.push(...step.forgets)
    version = step.to
  }
  const why = faultIn(saved, CONTEXT)
  if (why) return { is: 'corrupt', why }
  const restored = resolve(saved)
  if (restored) {
    return { is: 'alive', snapshot: restored, upgraded: chartVersion in UPGRADES ? upgraded : null }
  }
  return chartVersion === CHART_ID
    ? { is: 'corrupt', why: 'the chart that saved it has no such state' }
    : { is: 'foreign' }
}

/** The call's snapshot, alive again; null when the chart of today has no place for it. */
export function restore(row: Saved): CallSnapshot | null {
  const restored = readSaved(row)
  return restored.is === 'alive' ? restored.snapshot : null
}

function versionOf(chart: string): string {
  return chart.split('.', 1)[0] ?? ''
}

function resolve(saved: SavedState): CallSnapshot | null {
  try {
    const snapshot = callMachine.resolveState(saved as Parameters<typeof callMachine.resolveState>[0])
    return snapshot.status === 'error' ? null : (snapshot as CallSnapshot)
  } catch {
    return null
  }
}

function fingerprint(): string {
  const idsIn = ({ id, states }: ChartState): string[] => [id, ...Object.values(states).flatMap(idsIn)]
  const states = idsIn(chartDefinition(callMachine)).sort().join('\n')
  return createHash('sha256').update(states).digest('hex').slice(0, 8)
}

type Check = (value: unknown) => boolean

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0
const isTextOrNull: Check = (value) => value === null || typeof value === 'string'
const isLength: Check = (value) => Number.isFinite(value)
const isLimit: Check = (value) => isLength(value) || (Array.isArray(value) && value.every(isLength))

/** What the chart goes on from; a state with anything else in these places would fail in the middle of a step. */
const CONTEXT: { [Field in keyof CallContext]: Check } = {
  limits: (value) => isRecord(value) && Object.values(value).every(isLimit),
  voice: (value) => isRecord(value) && ['default', 'cached', 'clone'].includes(`${value.kind}`),
  voiceId: isTextOrNull,
  holdRound: isCount,
  attempt: isCount,
  agentReconnects: isCount,
  agentConnection: isCount,
  agentPauses: isCount,
  refusedOverrides: Array.isArray,
  conversationId: isTextOrNull,
  redirects: isCount,
  unresponsiveBridge: (value) => value === null || isCount(value),
  endReason: isTextOrNull,
}

/** What is wrong with a saved call in a few words, none of them its own; null when nothing is. */
function faultIn({ value, context, status }: SavedState, checks: Record<string, Check>): string | null {
  if (typeof value !== 'string' && !isRecord(value)) return 'it has no state'
  if (status !== 'active' && status !== 'done') return 'it has no status'
  if (!isRecord(context)) return 'it has no context'
  const wrong = Object.entries(checks).find(([field, isRight]) => !isRight(context[field]))
  return wrong ? `its ${wrong[0]} is missing or wrong` : null
}
