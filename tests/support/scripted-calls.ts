import { randomUUID } from 'node:crypto'
import type { CallEvent, VoiceLookup } from '../../machines/call-events.ts'
import type { Turn } from '../../src/calls/ports.ts'
import { beginCall, restore, stepCall } from '../../src/calls/step.ts'
import type { CallRow, Step } from '../../src/calls/store.ts'
import { viewOf } from '../../src/calls/view.ts'
import type { CallEventsOptions } from '../../src/http/call-events-routes.ts'
import type { CallsOptions } from '../../src/http/calls-routes.ts'
import type { CallSummary, RecordedEvent } from '../../src/persistence/call-queries.ts'

const LIMITS = { cloneMaxWaitMs: 35_000, legPatienceMs: 30_000, agentConnectMs: 10_000, callMaxMs: 3_600_000 }
const KNOWN_CALLER = '+15550100001'

type ScriptedCall = { row: CallRow; summary: CallSummary; events: RecordedEvent[]; turns: Turn[] }

/** Calls in memory that the test leads through the real statechart, behind what the HTTP routes ask for. */
export class ScriptedCalls implements CallsOptions, CallEventsOptions {
  /** What is found for the caller with the recorded voice. */
  voiceOnFile: 'clone' | 'cached' = 'clone'
  readonly #calls: ScriptedCall[] = []
  readonly #followers = new Set<(change: { callId: string }) => void>()

  readonly follow: CallEventsOptions['follow'] = (follower) => {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  readonly queries = {
    list: async ({ providerCallId }: { providerCallId?: string }, { limit }: { limit: number }) =>
      this.#calls
        .filter(({ summary }) => !providerCallId || summary.providerCallId === providerCallId)
        .slice(0, limit)
        .map(({ summary }) => summary),
    get: async (id: string) => this.#find(id)?.summary ?? null,
    events: async (id: string, after: number) =>
      this.#find(id)?.events.filter(({ seq }) => seq > after) ?? [],
  }

  readonly conversations = {
    turns: async (id: string) => this.#find(id)?.turns ?? [],
    report: async () => [],
  }

  readonly calls: CallsOptions['calls'] = {
    send: async (_address, event) => {
      await this.say(event)
      return { view: this.#latest().summary as never, handled: true }
    },
  }

  /** A call comes in; answers with the carrier's name for it. */
  begin(from: string, at = new Date()): string {
    const id = randomUUID()
    const providerCallId = `CA${id.replaceAll('-', '')}`
    const step = beginCall(id, { admission: 'accepted', voice: this.#lookUp(from), limits: LIMITS }, at)
    const summary = {
      ...{
        id,
        providerCallId,
        from,
        to: '+15550109999',
        provider: 'twilio',
        direction: 'inbound',
        agentId: null,
      },
      ...{ startedAt: at, bridgedAt: null, endedAt: null, outcome: null, fault: null },
      ...{ state: 'greeting', bridge: null, voice: '', voiceId: null },
    } as CallSummary
    const row = { id, snapshot: step.snapshot, lastSeq: 0 } as CallRow
    this.#calls.unshift({ row, summary, events: [], turns: [] })
    this.#commit(this.#latest(), step)
    return providerCallId
  }

  /** Says something to the latest call; `at` is when it happened. */
  async say(event: CallEvent, at = new Date()): Promise<void> {
    const call = this.#latest()
    const step = stepCall(call.row, event, at)
    if (step) this.#commit(call, step)
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

  #commit({ row, summary, events }: ScriptedCall, step: Step): void {
    const { event, stateBefore, stateAfter, effects, at } = step
    row.snapshot = step.snapshot
    row.lastSeq++
    events.push({ seq: row.lastSeq, at, type: event.type, event, stateBefore, stateAfter, effects })
    const snapshot = restore(row)
    if (!snapshot) throw new Error('A snapshot that was just made could not be restored.')
    const { state, bridge, voice } = viewOf(snapshot)
    Object.assign(summary, { state, bridge, voice })
    if (state === 'bridged') summary.bridgedAt ??= at
    if (step.end) Object.assign(summary, { endedAt: at, outcome: step.end.reason, fault: step.end.fault })
    for (const follower of this.#followers) follower({ callId: row.id })
  }
}
