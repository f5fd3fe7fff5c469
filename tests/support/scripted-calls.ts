import { v7 as uuidv7 } from 'uuid'
import type { CallEvent, VoiceLookup } from '../../machines/call-events.ts'
import { callCharts } from '../../src/calls/saved-call.ts'
import { beginCall, stepCall } from '../../src/calls/step.ts'
import type { CallRow, Step } from '../../src/calls/store.ts'
import { viewOf } from '../../src/calls/view.ts'
import type { CallEventsOptions } from '../../src/http/calls/call-events-routes.ts'
import type { CallsOptions } from '../../src/http/calls/calls-routes.ts'
import type { Turn } from '../../src/media/agent-port.ts'
import type {
  CallCursor,
  CallFilter,
  CallSummary,
  LegSummary,
  RecordedEvent,
} from '../../src/persistence/call-queries.ts'
import type { LiveCall, LiveCallQueries } from '../../src/persistence/live-calls.ts'
import type { FindRecordedCall } from '../../src/persistence/recorded-calls.ts'
import type { ListedVoice } from '../../src/persistence/voice-queries.ts'
import type { RecordedCall } from '../../src/replay/recorded-call.ts'
import { keptAudio } from './kept-audio.ts'

const LIMITS = {
  cloneMaxWaitMs: 35_000,
  legPatienceMs: 30_000,
  agentConnectMs: 10_000,
  greetingOverdueMs: 16_000,
  roundOverdueMs: 8_000,
  agentRecoveryMs: 10_000,
  agentPausesMs: [500, 1_000],
  callMaxMs: 3_600_000,
}
const KNOWN_CALLER = '+15550100001'

type ScriptedCall = {
  row: CallRow
  summary: CallSummary
  events: RecordedEvent[]
  /** What was saved with each event. */
  snapshots: object[]
  turns: Turn[]
}

/** Calls in memory that the test leads through the real statechart, behind what the HTTP routes ask for. */
export class ScriptedCalls implements CallsOptions, CallEventsOptions {
  /** What is found for the caller with the recorded voice. */
  voiceOnFile: 'clone' | 'cached' = 'clone'
  /** What the vendor sent of the conversation `talk`, by call. */
  readonly recordings = new Map<string, Buffer>()
  readonly #calls: ScriptedCall[] = []
  readonly #followers = new Set<(change: { callId: string }) => void>()

  readonly follow: CallEventsOptions['follow'] = (follower) => {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** For the console's feed and its page of one call. */
  readonly live: LiveCallQueries = {
    live: async () =>
      this.#calls
        .filter(({ summary }) => !summary.endedAt)
        .map(({ row }) => ({ id: row.id, seq: row.lastSeq })),
    these: async (ids) => this.#calls.filter(({ row }) => ids.includes(row.id)).map(liveCall),
    timers: async () => [],
  }

  readonly recorded: FindRecordedCall = async (id) => {
    const call = this.#find(id)
    return call ? recordedCall(call) : null
  }

  readonly queries = {
    list: async (filter: CallFilter, { limit, after }: { limit: number; after?: CallCursor }) =>
      this.#calls
        .map(({ summary }) => summary)
        .filter(({ providerCallId }) => !filter.providerCallId || providerCallId === filter.providerCallId)
        .filter(({ from }) => !filter.from || from === filter.from)
        .filter(({ outcome }) => !filter.outcome || outcome === filter.outcome)
        .filter(({ id }) => !after || id < after.id)
        .slice(0, limit),
    get: async (id: string) => this.#find(id)?.summary ?? null,
    legs: async (id: string) => this.#legsOf(id),
    events: async (id: string, after: number) =>
      this.#find(id)?.events.filter(({ seq }) => seq > after) ?? [],
  }

  #legsOf(callId: string): LegSummary[] {
    const { provider, providerCallId, startedAt, endedAt, outcome } = this.#find(callId)?.summary ?? {}
    if (!provider || !startedAt) return []
    const carriers = { provider, providerCallId: providerCallId ?? null }
    const times = { startedAt, endedAt: endedAt ?? null, endReason: outcome ?? null }
    return [{ id: callId, role: 'caller', ...carriers, ...times }]
  }

  readonly conversations = {
    turns: async (id: string) => this.#find(id)?.turns ?? [],
    report: async (id: string) =>
      this.recordings.has(id) ? [{ conversationId: 'talk', transcription: null, hasAudio: true }] : [],
    audio: async (id: string) => keptAudio(this.recordings.get(id)),
  }

  readonly calls: CallsOptions['calls'] = {
    send: async ({ callId }, event) => {
      await this.say(event, new Date(), callId)
      return { view: this.#find(callId)?.summary as never, handled: true }
    },
  }

  /** A call comes in; answers with the carrier's name for it. */
  begin(from: string, at = new Date()): string {
    const id = uuidv7()
    const providerCallId = `CA${id.replaceAll('-', '')}`
    const step = beginCall(id, {
      legId: id,
      admission: 'accepted',
      voice: this.#lookUp(from),
      limits: LIMITS,
    })
    const summary = {
      id,
      providerCallId,
      from,
      to: '+15550109999',
      provider: 'twilio',
      direction: 'inbound',
      agentId: null,
      startedAt: at,
      bridgedAt: null,
      endedAt: null,
      outcome: null,
      fault: null,
      state: 'greeting',
      bridge: null,
      voice: '',
      voiceId: null,
      callerVerification: 'attested',
      voiceWithheld: null,
      transferTo: null,
      transferOutcome: null,
    } as CallSummary
    const row = { id, snapshot: step.snapshot, lastSeq: 0 } as CallRow
    this.#calls.unshift({ row, summary, events: [], snapshots: [], turns: [] })
    this.#commit(this.#latest(), step, at)
    return providerCallId
  }

  /** The voice of the caller that is known, and its clone if there is one. */
  keptVoices(): ListedVoice[] {
    const at = new Date()
    const ready = {
      status: 'ready',
      vendorVoiceId: 'voice',
      failure: null,
      readyAt: at,
      expiresAt: null,
    } as const
    return [
      {
        callerId: KNOWN_CALLER,
        name: 'Ann',
        sampleKey: 'sample',
        consent: { by: 'Ann', at },
        trust: null,
        createdAt: at,
        updatedAt: at,
        clone: this.voiceOnFile === 'cached' ? ready : null,
      },
    ]
  }

  get latestId(): string {
    return this.#latest().row.id
  }

  /** Says something to the latest call, or to that one; `at` is when it happened. */
  async say(event: CallEvent, at = new Date(), id = this.latestId): Promise<void> {
    const call = this.#find(id) ?? this.#latest()
    const step = stepCall(call.row, event)
    if (step) this.#commit(call, step, at)
  }

  /** Somebody says something in the latest call. */
  speak(turn: Omit<Turn, 'at' | 'interrupted'> & Partial<Turn>): void {
    this.#latest().turns.push({ interrupted: false, at: new Date(), ...turn })
  }

  #lookUp(from: string): VoiceLookup {
    if (from !== KNOWN_CALLER) return { kind: 'default', voiceId: null }
    return this.voiceOnFile === 'clone'
      ? { kind: 'clone', sampleKey: 'sample', fallbackVoiceId: null }
      : { kind: 'cached', voiceId: 'voice', sampleKey: 'sample' }
  }

  #latest(): ScriptedCall {
    const [latest] = this.#calls
    if (!latest) throw new Error('No call has come in yet.')
    return latest
  }

  #find(id: string): ScriptedCall | undefined {
    return this.#calls.find(({ row }) => row.id === id)
  }

  #commit({ row, summary, events, snapshots }: ScriptedCall, step: Step, at: Date): void {
    const { event, stateBefore, stateAfter, effects } = step
    row.snapshot = step.snapshot
    row.lastSeq++
    events.push({ seq: row.lastSeq, at, type: event.type, event, stateBefore, stateAfter, effects })
    row.chartVersion = step.chartVersion
    snapshots.push(step.snapshot)
    const snapshot = callCharts.restore(row)
    if (!snapshot) throw new Error('A snapshot that was just made could not be restored.')
    const { state, bridge, voice } = viewOf(snapshot)
    Object.assign(summary, { state, bridge, voice })
    if (state === 'bridged') summary.bridgedAt ??= at
    if (step.end) Object.assign(summary, { endedAt: at, outcome: step.end.reason, fault: step.end.fault })
    for (const follower of this.#followers) follower({ callId: row.id })
  }
}

function liveCall({ row, summary, events }: ScriptedCall): LiveCall {
  const last = events.at(-1)
  return {
    ...summary,
    value: (row.snapshot as { value: unknown }).value,
    seq: row.lastSeq,
    event: last?.type ?? '',
    at: last?.at ?? summary.startedAt,
  }
}

function recordedCall({ row, summary, events, snapshots }: ScriptedCall): RecordedCall {
  const { id, provider, direction, startedAt, endedAt, outcome } = summary
  const { chartVersion } = row
  const call = {
    id,
    provider,
    direction,
    outcome,
    chartVersion,
    startedAt,
    endedAt,
    events: events.map((event, index) => ({ ...event, snapshot: snapshots[index], chartVersion })),
  }
  return JSON.parse(JSON.stringify(call)) as RecordedCall
}
