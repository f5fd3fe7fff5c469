import { stateOf, voiceOf } from './call-story.ts'
import { isDeepEqual } from './deep-equal.ts'
import { durationWords } from './numbers.ts'
import { happening } from './state-labels.ts'
import { type CallStep, delayName } from './steps.ts'

/** Everything that was true after one step: what happened, what was asked for, what may come, and what is remembered. */
export function StepInspector({ steps, index }: { steps: readonly CallStep[]; index: number }) {
  const step = steps[index]
  if (!step) return null
  const before = steps[index - 1] ?? null
  const { detail, type, stateBefore, stateAfter, effects, differences } = step
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, nobody can scroll here with a keyboard.
    <section className="card inspector" aria-label="This step" tabIndex={0}>
      <h2>
        <code>{type}</code>
      </h2>
      <p className="hint">
        {stateBefore === stateAfter ? (
          <>
            stays in <code>{stateAfter}</code>
          </>
        ) : (
          <>
            <code>{stateBefore}</code> → <code className="state-word">{stateAfter}</code>
          </>
        )}
      </p>
      <p className="in-words">{sentenceOf(steps.slice(0, index + 1))}</p>
      {differences.map(({ what, recorded, reproduced }) => (
        <p key={what} className="difference">
          <strong>{what}</strong> was <code>{shown(recorded)}</code>, the chart of today says{' '}
          <code>{shown(reproduced)}</code>
        </p>
      ))}
      <Fields name="What was said" fields={withoutType(step.event)} />
      <Facts
        name="Asked of the world"
        facts={effects.map(({ type: effect, params }) => `${effect}${paramsOf(params)}`)}
      />
      {detail && (
        <>
          <Told leg={detail.leg} state={detail.stateAfter} />
          <Facts name="Takes these events" facts={detail.accepts} />
          <Timers step={step} detail={detail} />
          <Fields name="Remembers" fields={detail.context} before={before?.detail?.context ?? null} />
        </>
      )}
    </section>
  )
}

/** What the caller lives through then, for who does not know the chart. */
function sentenceOf(steps: readonly CallStep[]): string {
  const state = stateOf(steps)
  return state === null ? '' : happening(state, voiceOf(steps), null).sentence
}

const withoutType = ({ type: _, ...event }: CallStep['event']) => event

function Facts({ name, facts }: { name: string; facts: readonly string[] }) {
  if (facts.length === 0) return null
  return (
    <>
      <h3>{name}</h3>
      <ul className="facts">
        {facts.map((fact) => (
          <li key={fact}>
            <code>{fact}</code>
          </li>
        ))}
      </ul>
    </>
  )
}

function Told({ leg, state }: { leg: NonNullable<CallStep['detail']>['leg']; state: string }) {
  if (leg)
    return (
      <Facts
        name="The leg is told"
        facts={leg.map(({ do: what, ...params }) => `${what}${paramsOf(params)}`)}
      />
    )
  return (
    <>
      <h3>The leg is told</h3>
      <p className="difference">
        Nothing says what the leg is told in <code>{state}</code>: machines/instructions.ts has no answer for
        it.
      </p>
    </>
  )
}

function Timers({ step, detail: { timers } }: { step: CallStep; detail: NonNullable<CallStep['detail']> }) {
  if (timers.length === 0) return null
  return (
    <>
      <h3>Happens by itself</h3>
      <ul className="facts">
        {timers.map(({ timerId, dueAt }) => (
          <li key={timerId}>
            <code>{delayName(timerId)}</code>{' '}
            <time className="hint" dateTime={dueAt}>
              in {durationWords(Date.parse(dueAt) - Date.parse(step.at))}, at{' '}
              {new Date(dueAt).toLocaleTimeString()}
            </time>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Names and values; those that this step changed stand out. */
function Fields({
  name,
  fields,
  before = null,
}: {
  name: string
  fields: Record<string, unknown>
  before?: Record<string, unknown> | null
}) {
  const entries = flat(fields)
  const earlier = before && new Map(flat(before))
  if (entries.length === 0) return null
  return (
    <>
      <h3>{name}</h3>
      <dl className="fields-shown">
        {entries.map(([field, value]) => (
          <div
            key={field}
            data-changed={(earlier !== null && !isDeepEqual(earlier.get(field), value)) || undefined}
          >
            <dt>{field}</dt>
            <dd>
              <code>{shown(value)}</code>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}

/** What is remembered in groups is shown field by field, as `limits.callMaxMs`. */
const flat = (fields: Record<string, unknown>): [string, unknown][] =>
  Object.entries(fields).flatMap(([field, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flat(value as Record<string, unknown>).map(([inner, deep]): [string, unknown] => [
          `${field}.${inner}`,
          deep,
        ])
      : [[field, value] as [string, unknown]],
  )

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value, null, 1)?.replace(/\s+/g, ' ') ?? 'nothing')

function paramsOf(params: object | undefined): string {
  const entries = Object.entries(params ?? {})
  return entries.length === 0 ? '' : ` ${entries.map(([name, value]) => `${name}=${shown(value)}`).join(' ')}`
}
