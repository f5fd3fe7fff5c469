import { splitIntoMachines, TIMERS_OF_CHART_2 } from './call/from-chart-2.ts'
import { nameLeg } from './call/from-chart-3.ts'
import type { SavedState } from './saved-state.ts'

/*
 * What becomes of a call that was saved by an older chart: each upgrade leads from one version to the next, purely. It is
 * tolerant, because a process of the older version may have written once more what a newer one had upgraded before.
 */

export type Upgrade = {
  to: string
  upgrade: (saved: SavedState, callId: string) => SavedState
  /** Delays that the older chart could not arm: those of the states that the call is in begin with the upgrade. */
  arms: readonly string[]
  /** What timers of the older chart are called now, for those that changed; null for a timer of a state that is no more. */
  timers: Readonly<Record<string, string | null>>
}

/** By the version that each leads away from. */
export const UPGRADES: Readonly<Record<string, Upgrade>> = {
  1: {
    to: '2',
    upgrade: ({ value, context, status }) => ({
      status,
      value: recoveringFrom(value),
      context: { ...ADDED, ...context, limits: { ...ADDED_LIMITS, ...Object(context.limits) } },
    }),
    arms: [
      'GREETING_OVERDUE',
      'ROUND_OVERDUE',
      'JOIN_OVERDUE',
      'REJOIN_OVERDUE',
      'AGENT_CONNECT',
      'AGENT_RECOVERY',
      'AGENT_STEADY',
      'TALK_CHECK',
    ],
    timers: { 'xstate.after.AGENT_CONNECT.call.live.leg.bridged.reconnecting': null },
  },
  2: { to: '3', upgrade: splitIntoMachines, arms: [], timers: TIMERS_OF_CHART_2 },
  3: { to: '4', upgrade: nameLeg, arms: [], timers: {} },
}

const ADDED = {
  agentConnection: 0,
  agentPauses: 0,
  refusedOverrides: [],
  redirects: 0,
  unresponsiveBridge: null,
}

/** For calls that began by chart 1: half of what it waited for, whatever is played, and what a new call is given for its agent. */
const ADDED_LIMITS = {
  greetingOverdueMs: 45_000,
  roundOverdueMs: 45_000,
  agentRecoveryMs: 10_000,
  agentPausesMs: [500, 1_000, 2_000, 3_000],
}

/** `bridged.reconnecting` was the one retry at once; it is the first of several now. */
function recoveringFrom(value: unknown): unknown {
  const { live } = Object(value) as { live?: { leg?: { bridged?: unknown } } }
  if (live?.leg?.bridged !== 'reconnecting') return value
  return { live: { ...live, leg: { bridged: { recovering: 'reconnecting' } } } }
}
