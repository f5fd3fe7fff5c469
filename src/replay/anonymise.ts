import { isDeepStrictEqual } from 'node:util'
import { type RecordedCall, type RecordedEvent, UnreplayableCall } from './recorded-call.ts'
import { replay } from './replay.ts'

/*
 * Takes out of a recorded call whatever could tell whose it was. Every text is replaced by a made-up one, the same by the
 * same, except the words that the chart itself is written in; the call begins at a made-up time.
 */

/** Fields whose texts are words of the chart; what stands in any other is taken for somebody's own. */
const WORDS_OF_THE_CHART = [
  'type',
  'kind',
  'admission',
  'status',
  'endReason',
  'goneBecause',
  'reason',
  'fault',
  'end',
  'withheld',
  'transferOutcome',
]

const NOBODYS_ID = '00000000-0000-7000-8000-000000000000'
const NO_TIME = Date.UTC(2000, 0, 1)

/** Throws UnreplayableCall when the chart decides by a text that would have to be replaced. */
export function anonymised(call: RecordedCall): RecordedCall {
  const replaced = new Replacements()
  const shift = NO_TIME - Date.parse(call.startedAt)
  const moved = (at: string) => new Date(Date.parse(at) + shift).toISOString()
  const anonymous: RecordedCall = {
    ...call,
    id: NOBODYS_ID,
    startedAt: moved(call.startedAt),
    endedAt: call.endedAt && moved(call.endedAt),
    events: call.events.map((event) => withoutNames({ ...event, at: moved(event.at) }, replaced)),
  }
  requireSameCourse(call, anonymous)
  return anonymous
}

function withoutNames(recorded: RecordedEvent, replaced: Replacements): RecordedEvent {
  const { event, effects, snapshot } = recorded
  return {
    ...recorded,
    event: replaced.everywhere(event),
    effects: replaced.everywhere(effects),
    // The value is made of names of states.
    snapshot: snapshot && { ...snapshot, context: replaced.everywhere(snapshot.context) },
  }
}

class Replacements {
  readonly #known = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  everywhere<Part>(part: Part, field = 'text'): Part {
    return this.#replace(part, field) as Part
  }

  #replace(part: unknown, field: string): unknown {
    if (typeof part === 'string')
      return WORDS_OF_THE_CHART.includes(field) ? part : this.#nameFor(part, field)
    if (Array.isArray(part)) return part.map((item) => this.#replace(item, field))
    if (typeof part !== 'object' || part === null) return part
    const named = Object.entries(part).map(([key, value]) => [this.#keyFor(key), value] as const)
    return Object.fromEntries(named.map(([key, value]) => [key, this.#replace(value, key)]))
  }

  /** Of a table that is kept by numbers or names, the keys are somebody's too. */
  #keyFor(key: string): string {
    return /^[a-z][a-zA-Z]*$/.test(key) ? key : this.#nameFor(key, 'key')
  }

  #nameFor(text: string, field: string): string {
    const known = this.#known.get(text)
    if (known) return known
    const count = (this.#counts.get(field) ?? 0) + 1
    this.#counts.set(field, count)
    this.#known.set(text, `${field}-${count}`)
    return `${field}-${count}`
  }
}

/** With other names the call must go the same way. */
function requireSameCourse(call: RecordedCall, anonymous: RecordedCall): void {
  const before = replay(call).steps
  const after = replay(anonymous).steps
  const index = before.findIndex(
    (step, index) => !isDeepStrictEqual(courseOf(step), courseOf(after[index] ?? step)),
  )
  if (index < 0) return
  throw new UnreplayableCall(
    `Without its personal data the call goes another way at event ${index + 1}: the chart decides there by a text that was replaced. ` +
      'If that field holds only words of the chart, add it to WORDS_OF_THE_CHART in src/replay/anonymise.ts.',
  )
}

type Step = ReturnType<typeof replay>['steps'][number]

const courseOf = ({ reproduced, differences }: Step) => [
  reproduced.value,
  reproduced.effects.map(({ type }) => type),
  differences.map(({ what }) => what),
]
