import type { EndReason } from '../../../machines/end-reasons.ts'
import type { BridgeState, LegState } from '../../../machines/instructions.ts'
import type { CallRecord } from '../api/calls-api.ts'

/*
 * A call's events, read as a story: where it is, what became of the voice, and how long each part took.
 */

export type CallState = Exclude<LegState, 'bridged'> | `bridged.${BridgeState}`

/** What became of the voice so far. `unknown` is said of a caller who was turned away, or of no event at all. */
export type Voice =
  | 'unknown'
  | 'cloning'
  | 'cloned'
  | 'cached'
  | 'default'
  /** One is on file, and nobody vouches enough for the caller's number. */
  | 'withheld'
  /** One is on file, and the agent's backend cannot speak it. */
  | 'unspoken'
  | 'failed'
  | 'late'
  | 'refused'
  | 'gone'

/** The four parts of a call that a person tells apart. */
export const PARTS = ['greeting', 'hold', 'agent', 'end'] as const
export type Part = (typeof PARTS)[number]

/** `skipped` when the call went on without it, `missed` when the call ended before. */
export type PartStatus = 'ahead' | 'current' | 'done' | 'skipped' | 'missed'

export type Journey = Record<Part, { status: PartStatus; milliseconds: number }>

const PART_OF: Record<CallState, Part> = {
  greeting: 'greeting',
  hold: 'hold',
  joining: 'agent',
  'bridged.connecting': 'agent',
  'bridged.talking': 'agent',
  'bridged.backingOff': 'agent',
  'bridged.reconnecting': 'agent',
  departing: 'agent',
  rejoining: 'agent',
  failed: 'end',
  rejected: 'end',
  closing: 'end',
  ended: 'end',
}

/** In the order in which a call comes to them. */
export const STATES = Object.keys(PART_OF) as CallState[]

export const isState = (state: string): state is CallState => state in PART_OF

/** Where the call is; null before its first event, or when a newer service says something this page does not know. */
export function stateOf(records: readonly CallRecord[]): CallState | null {
  const state = records.at(-1)?.stateAfter
  return state !== undefined && isState(state) ? state : null
}

export function voiceOf(records: readonly CallRecord[]): Voice {
  return records.reduce<Voice>((voice, record) => voiceAfter(record) ?? voice, 'unknown')
}

function voiceAfter({ type, event, effects }: CallRecord): Voice | null {
  if (effects.some((effect) => effect.type === 'requestClone')) return 'cloning'
  if (effects.some((effect) => effect.type === 'recordCloneTimeout')) return 'late'
  if (type === 'voice.ready') return 'cloned'
  if (type === 'voice.failed') return 'failed'
  if (type === 'agent.overrideRefused' && event.override === 'voice') return event.isGone ? 'gone' : 'refused'
  if (type === 'call.began') return voiceAtBeginning(event)
  return null
}

function voiceAtBeginning(event: CallRecord['event']): Voice | null {
  const { admission, voice } = (event.input ?? {}) as {
    admission?: string
    voice?: { kind?: string; withheld?: string }
  }
  if (admission !== 'accepted') return null
  if (voice?.withheld) return voice.withheld === 'backend_cannot' ? 'unspoken' : 'withheld'
  return voice?.kind === 'cached' || voice?.kind === 'default' ? voice.kind : null
}

/** Where there is one, `cause` is as docs/end-reasons.md tells to look at, and `detail` what the vendor said. */
export type Trouble = { type: string; cause: string | null; detail: string | null }

/** The last thing that went wrong with agent or voice. */
export function troubleOf(records: readonly CallRecord[]): Trouble | null {
  const last = records.findLast(({ type }) => isTrouble(type))
  if (!last) return null
  const { cause, override, detail } = last.event
  return { type: last.type, cause: textOf(cause ?? override), detail: textOf(detail) }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** An agent that does not answer in time says nothing; the chart's own timer tells of it. */
const isTrouble = (type: string) =>
  ['agent.lost', 'agent.overrideRefused', 'voice.failed'].includes(type) ||
  type.startsWith('xstate.after.AGENT_CONNECT.')

/** How far the call has come through its parts. */
export function journeyOf(records: readonly CallRecord[]): Journey {
  const spent: Record<Part, number> = { greeting: 0, hold: 0, agent: 0, end: 0 }
  const seen = new Set<Part>()
  records.forEach((record, index) => {
    if (!isState(record.stateAfter)) return
    const part = PART_OF[record.stateAfter]
    seen.add(part)
    const next = records[index + 1]
    if (next) spent[part] += Date.parse(next.at) - Date.parse(record.at)
  })
  const state = stateOf(records)
  const current = state ? PARTS.indexOf(PART_OF[state]) : -1
  const status = (part: Part, index: number): PartStatus => {
    if (index > current) return 'ahead'
    if (index === current && state !== 'ended') return 'current'
    if (seen.has(part)) return 'done'
    return part === 'hold' && seen.has('agent') ? 'skipped' : 'missed'
  }
  return Object.fromEntries(
    PARTS.map((part, index) => [part, { status: status(part, index), milliseconds: spent[part] }]),
  ) as Journey
}

/** `caller_hung_up` → `Caller hung up`. */
export function outcomeWords(outcome: EndReason): string {
  const words = outcome.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
