import type { Turn } from '../api/calls-api.ts'
import { isState } from './call-story.ts'
import { titleOf, toneOf } from './state-labels.ts'
import { type CallStep, delayName } from './steps.ts'

/*
 * A call's steps and turns as stretches of time, one kind for each lane of the time axis.
 */

/** A stretch in milliseconds since the call began; `note` says more of it. */
export type Span = { from: number; to: number; name: string; note: string; kind: string }

/** What a step says about the time until the next, or null when there is nothing to say. */
type Stretch = { name: string; kind: string } | null

/** Stretches in which the steps say the same. */
function stretches(steps: readonly CallStep[], end: number, spanBy: (step: CallStep) => Stretch): Span[] {
  const spans: Span[] = []
  let before = null as Stretch
  for (const step of steps) {
    const current = spanBy(step)
    if (current?.name === before?.name) continue
    const last = spans.at(-1)
    if (before && last) last.to = step.ms
    if (current) spans.push({ from: step.ms, to: end, note: '', ...current })
    before = current
  }
  return spans
}

/** The states that the call was in, one after the other. */
export const stateSpans = (steps: readonly CallStep[], end: number): Span[] =>
  stretches(steps, end, ({ stateAfter }) =>
    isState(stateAfter)
      ? { name: titleOf(stateAfter), kind: toneOf(stateAfter) }
      : { name: stateAfter, kind: 'calm' },
  )

/** Where the agent's voice came from. */
export const voiceSpans = (steps: readonly CallStep[], end: number): Span[] =>
  stretches(steps, end, ({ detail, stateAfter }) => {
    const words = stateAfter === 'ended' ? undefined : VOICE_WORDS[detail?.voice ?? '']
    return words ? { name: words, kind: detail?.voice === 'cloning' ? 'waiting' : 'calm' } : null
  })

const VOICE_WORDS: Record<string, string> = {
  cloning: 'Being cloned',
  cloned: 'Just cloned',
  cached: 'Cloned for an earlier call',
  default: 'Default voice',
}

/** What the caller's leg was told to do. */
export const legSpans = (steps: readonly CallStep[], end: number): Span[] =>
  stretches(steps, end, ({ detail, stateAfter }) => {
    const first = stateAfter === 'ended' ? undefined : detail?.leg?.[0]
    return first ? { name: legWords(first), kind: 'told' } : null
  })

const LEG_WORDS: Record<string, string> = {
  'play-greeting': 'Play the greeting, then hold music',
  hold: 'Play hold music',
  poll: 'Ask again',
  'connect-media': 'Open the audio stream',
  'say apology': 'Say the apology',
  'say busy': 'Say that all lines are busy',
  'hang-up': 'Hang up',
}

function legWords({ do: what, message }: { do: string; message?: unknown }): string {
  const name = message === undefined ? what : `${what} ${message}`
  return LEG_WORDS[name] ?? name
}

/** What the relay was told to do; nothing while there is nothing to pass on. */
export const relaySpans = (steps: readonly CallStep[], end: number): Span[] =>
  stretches(steps, end, ({ detail }) => {
    const words = RELAY_WORDS[detail?.media ?? '']
    return words ? { name: words, kind: 'told' } : null
  })

const RELAY_WORDS: Record<string, string> = {
  'connect-agent': 'Reach the agent',
  relay: 'Pass audio both ways',
  'finish-playing': 'Play to the end',
}

/** Each event until the next, so that its name has what room there is. */
export const eventSpans = (steps: readonly CallStep[], end: number): Span[] =>
  steps.map(({ ms, type }, index) => ({
    from: ms,
    to: steps[index + 1]?.ms ?? end,
    kind: 'moment',
    note: '',
    name: nameOfEvent(type),
  }))

/** What was asked of the world, each until the next. */
export function effectSpans(steps: readonly CallStep[], end: number): Span[] {
  const asked = steps.flatMap(({ ms, effects }) =>
    effects.length > 0 ? [{ ms, name: effects.map(({ type }) => type).join(', ') }] : [],
  )
  return asked.map(({ ms, name }, index) => ({
    from: ms,
    to: asked[index + 1]?.ms ?? end,
    name,
    kind: 'effect',
    note: '',
  }))
}

/** An event's type; a timer's is the name of its delay. */
export const nameOfEvent = (type: string): string =>
  type.startsWith('xstate.after.') ? `${delayName(type)} ran out` : type

/** `due` is when it would run out, in milliseconds since the call began. */
export type TimerSpan = Span & { due: number; kind: 'running' | 'fired' | 'cancelled' }

/** Every timer from its beginning to its firing, its cancelling, or the end of what is known. */
export function timerSpans(steps: readonly CallStep[], end: number): TimerSpan[] {
  const beginning = Date.parse(steps[0]?.at ?? '')
  const open = new Map<string, TimerSpan>()
  const spans: TimerSpan[] = []
  for (const { ms, type, detail } of steps) {
    const running = new Map(
      detail?.timers.map(({ timerId, dueAt }) => [timerId, Date.parse(dueAt) - beginning]),
    )
    for (const [timerId, span] of open) {
      if (running.get(timerId) === span.due) continue
      Object.assign(span, { to: ms, kind: type === timerId ? 'fired' : 'cancelled' })
      open.delete(timerId)
    }
    for (const [timerId, due] of running) {
      if (open.has(timerId)) continue
      const span: TimerSpan = {
        from: ms,
        to: Math.min(end, due),
        name: delayName(timerId),
        note: '',
        kind: 'running',
        due,
      }
      open.set(timerId, span)
      spans.push(span)
    }
  }
  return spans
}

/** Speech of 150 words a minute; only when something was said is known, not for how long. */
const CHARACTERS_PER_SECOND = 14
const SHORTEST_MS = 400

/**
 * When caller and agent spoke, about: an agent's words are known as they begin to be spoken, a caller's when they have been
 * understood.
 */
export function speechSpans(turns: readonly Turn[], beginning: number): Span[] {
  return turns.map(({ role, text, heard, interrupted, at }, index) => {
    const spoken = interrupted ? (heard ?? text) : text
    const length = Math.max(SHORTEST_MS, (spoken.length / CHARACTERS_PER_SECOND) * 1000)
    const moment = Date.parse(at) - beginning
    const next = turns[index + 1]
    const latest = next ? Date.parse(next.at) - beginning : Number.POSITIVE_INFINITY
    const from = role === 'agent' ? moment : Math.max(0, moment - length)
    const to = role === 'agent' ? Math.max(moment + SHORTEST_MS, Math.min(moment + length, latest)) : moment
    return { from, to, name: text, note: interrupted ? 'interrupted' : '', kind: role }
  })
}
