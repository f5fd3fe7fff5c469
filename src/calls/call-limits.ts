import type { CallLimits } from '../../machines/call-events.ts'

/** A round of hold music may be a whole track of the operator's own; no leg is given up while one may be playing. */
const OWN_TRACK_MS = 10 * 60_000
/** Greeting, one hold round and the carrier's slowness, generously. */
const LEG_PATIENCE_MS = 90_000
/** An agent that is not there within this time is tried again, or given up. */
const AGENT_CONNECT_MS = 10_000
/** A vendor that restarts is back sooner; a caller who hears music for longer is told that something is wrong. */
const AGENT_RECOVERY_MS = 10_000
const AGENT_PAUSES_MS = [500, 1_000, 2_000, 3_000]
/** Twilio's own limit of a call. */
const CALL_MAX_MS = 4 * 3_600_000

/** What of the settings the bounds of a call follow. */
export type LimitSettings = {
  readonly calls: { readonly cloneMaxWaitMs: number; readonly pollIntervalMs: number }
  readonly greeting: { readonly musicUrl: string | null; readonly message: string }
}

/** The slowest voice takes about this long for a letter. */
const LETTER_MS = 90
/** From the end of what is played to the question: the carrier's own time, and the network's. */
const SLACK_MS = 6_000

/** How long it lasts to play the greeting, at most, and a round of hold; a track of the operator's own may last long. */
function playingTimes({ calls, greeting }: LimitSettings): { greetingMs: number; roundMs: number } {
  const roundMs = greeting.musicUrl ? OWN_TRACK_MS : calls.pollIntervalMs
  return { roundMs, greetingMs: greeting.message.length * LETTER_MS + roundMs }
}

/** The bounds that a new call is given. */
export function callLimits(settings: LimitSettings): CallLimits {
  const { calls, greeting } = settings
  const { greetingMs, roundMs } = playingTimes(settings)
  return {
    cloneMaxWaitMs: calls.cloneMaxWaitMs,
    // The carrier is asked before, and given as long again to have the leg ask.
    legPatienceMs: LEG_PATIENCE_MS + (greeting.musicUrl ? OWN_TRACK_MS : 0),
    greetingOverdueMs: greetingMs + SLACK_MS,
    roundOverdueMs: roundMs + SLACK_MS,
    agentConnectMs: AGENT_CONNECT_MS,
    agentRecoveryMs: AGENT_RECOVERY_MS,
    agentPausesMs: AGENT_PAUSES_MS,
    callMaxMs: CALL_MAX_MS,
  }
}
