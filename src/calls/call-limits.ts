import type { CallLimits } from '../../machines/call-events.ts'

/** A round of hold music may be a whole track of the operator's own; no leg is given up while one may be playing. */
const OWN_TRACK_MS = 10 * 60_000
/** Greeting, one hold round and the carrier's slowness, generously. */
const LEG_PATIENCE_MS = 90_000
/** An agent that is not there within this time is tried once more, or given up. */
const AGENT_CONNECT_MS = 10_000
/** Twilio's own limit of a call. */
const CALL_MAX_MS = 4 * 3_600_000

/** What of the settings the bounds of a call follow. */
export type LimitSettings = {
  readonly calls: { readonly cloneMaxWaitMs: number }
  readonly greeting: { readonly musicUrl: string | null }
}

/** The bounds that a new call is given. */
export const callLimits = ({ calls, greeting }: LimitSettings): CallLimits => ({
  cloneMaxWaitMs: calls.cloneMaxWaitMs,
  legPatienceMs: greeting.musicUrl ? OWN_TRACK_MS : LEG_PATIENCE_MS,
  agentConnectMs: AGENT_CONNECT_MS,
  callMaxMs: CALL_MAX_MS,
})
