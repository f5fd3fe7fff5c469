import type { LegState } from '../instructions.ts'
import type { SavedState } from '../saved-state.ts'
import { STATES_AT } from './call-view.ts'

/*
 * Charts 1 and 2 held all of a call in one machine, with a region for the leg and one for the voice. Each call of theirs is split
 * into the machines of today where it stands; its timers go on under their new names.
 */

const after = (delay: string, before: string, now: string): [string, string] => [
  `xstate.after.${delay}.${before}`,
  `xstate.after.${delay}.${now}`,
]

const LEG = 'call.live.leg'
const BRIDGED = `${LEG}.bridged`
const LIVE = 'conversation.live'

/** What its timers are called now. */
export const TIMERS_OF_CHART_2: Readonly<Record<string, string | null>> = Object.fromEntries([
  after('CALL_MAX', 'call.live', 'call'),
  after('CLONE_MAX_WAIT', 'call.live.voice.cloning', 'voice.cloning'),
  after('GREETING_OVERDUE', `${LEG}.greeting`, 'call.greeting'),
  after('ROUND_OVERDUE', `${LEG}.hold`, 'call.hold'),
  after('LEG_PATIENCE', `${LEG}.greeting`, 'leg.answered'),
  after('LEG_PATIENCE', `${LEG}.hold`, 'leg.answered'),
  after('LEG_PATIENCE', 'joining', 'leg.opening'),
  after('JOIN_OVERDUE', 'joining', 'leg.opening'),
  after('REJOIN_OVERDUE', `${LEG}.departing`, 'leg.awaitingHangup'),
  after('REJOIN_PATIENCE', `${LEG}.departing`, 'leg.awaitingHangup'),
  after('REJOIN_OVERDUE', `${LEG}.rejoining`, 'leg.awaitingRestream'),
  after('REJOIN_PATIENCE', `${LEG}.rejoining`, 'leg.awaitingRestream'),
  after('AGENT_CONNECT', `${BRIDGED}.connecting`, `${LIVE}.connecting`),
  after('AGENT_CONNECT', `${BRIDGED}.recovering.reconnecting`, `${LIVE}.recovering.reconnecting`),
  after('AGENT_RECOVERY', `${BRIDGED}.recovering`, `${LIVE}.recovering`),
  after('AGENT_PAUSE', `${BRIDGED}.recovering.backingOff`, `${LIVE}.recovering.backingOff`),
  after('AGENT_STEADY', 'talking', `${LIVE}.talking`),
  after('TALK_CHECK', 'talking', `${LIVE}.talking`),
  after('FAREWELL', 'failed', 'call.failed'),
  after('FAREWELL', `${LEG}.rejected`, 'call.rejected'),
  after('FAREWELL', `${LEG}.closing`, 'call.closing'),
])

/** A call that an unknown place is written of comes out with no state, which nobody takes for one of today's. */
export function splitIntoMachines({ value, context, status }: SavedState): SavedState {
  const { leg, voice } = regionsOf(value)
  const [place] = keysOf(leg)
  return {
    status,
    value: {
      ...(STATES_AT[place as LegState] ?? { call: place, leg: place }),
      conversation: conversationIn(leg, context.endReason),
      voice: voice ?? lastVoice(context),
    },
    context: contextsOf(context),
  }
}

function regionsOf(value: unknown): { leg: unknown; voice: unknown } {
  if (typeof value === 'string') return { leg: value, voice: undefined }
  const { live } = Object(value) as { live?: unknown }
  return Object(live) as { leg: unknown; voice: unknown }
}

const keysOf = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.keys(Object(value))

const ENDED_BY_AGENT = ['agent_ended', 'agent_lost', 'agent_unreachable']

function conversationIn(leg: unknown, endReason: unknown): unknown {
  const { bridged } = Object(leg) as { bridged?: unknown }
  if (bridged !== undefined) return { live: bridged }
  return leg === 'ended' || ENDED_BY_AGENT.includes(String(endReason)) ? 'over' : 'idle'
}

/** A call that had ended had left its voice region; what it spoke with tells where that stood. */
function lastVoice({ voice, voiceId }: Record<string, unknown>): unknown {
  const { kind, fallbackVoiceId } = Object(voice) as { kind?: unknown; fallbackVoiceId?: unknown }
  if (kind === 'cached') return { settled: 'cached' }
  const isCloned = kind === 'clone' && voiceId !== null && voiceId !== fallbackVoiceId
  return { settled: isCloned ? 'cloned' : 'default' }
}

function contextsOf({ limits, ...fields }: Record<string, unknown>): Record<string, unknown> {
  const pick = (names: string[], of: Record<string, unknown> = fields) =>
    Object.fromEntries(names.map((name) => [name, of[name]]))
  const limit = (...names: string[]) => ({ limits: pick(names, Object(limits)) })
  return {
    call: {
      ...limit('greetingOverdueMs', 'roundOverdueMs', 'callMaxMs'),
      ...pick(['holdRound', 'endReason']),
    },
    leg: { ...limit('legPatienceMs'), ...pick(['attempt', 'redirects', 'unresponsiveBridge']) },
    conversation: {
      ...limit('agentConnectMs', 'agentRecoveryMs', 'agentPausesMs'),
      ...pick(['agentReconnects', 'agentConnection', 'agentPauses', 'refusedOverrides', 'conversationId']),
      bridgeNumber: fields.attempt,
    },
    voice: {
      ...limit('cloneMaxWaitMs'),
      ...pick(['voice', 'voiceId']),
      isWanted: !['capacity_full', 'draining'].includes(String(fields.endReason)),
    },
  }
}
