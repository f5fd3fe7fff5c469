import { delayOf } from '../actors/timer-id.ts'
import type { Difference } from './difference.ts'
import type { Replay, ReplayedStep } from './replay.ts'

/* A replay as lines for a terminal. */

const LABEL_WIDTH = 9
const EVENT_WIDTH = 26

export function callLine({ call, chartVersion, steps }: Replay): string {
  const { id, provider, direction, startedAt, endedAt, outcome } = call
  const length = endedAt ? ` after ${seconds(Date.parse(endedAt) - Date.parse(startedAt))}` : ''
  const end = outcome ? `ended as ${outcome}${length}` : 'still lives'
  const charts = `recorded by chart ${call.chartVersion}, replayed by chart ${chartVersion}`
  return `Call ${id}, ${provider} ${direction}, began ${startedAt}, ${end}; ${steps.length} events, ${charts}`
}

/** The step in full: what happened, what the chart of today makes of it and, where it differs, what was recorded. */
export function stepLines(step: ReplayedStep, { call, steps }: Replay): string[] {
  const { reproduced, differences } = step
  const before = steps[step.seq - 2]?.reproduced
  const at = seconds(Date.parse(step.at) - Date.parse(call.startedAt))
  const from = before?.stateAfter ?? 'none'
  const delay = delayOf(step.type)
  const head = [
    `${step.seq}`.padStart(3),
    `+${at}`.padStart(11),
    ` ${(delay ? `${delay} ran out` : step.type).padEnd(EVENT_WIDTH)}`,
    `${from} → ${reproduced.stateAfter}, voice ${reproduced.voice}`,
  ].join(' ')
  return [
    head,
    ...labelled('said', carriedBy(step)),
    ...labelled('leg', reproduced.leg?.map(words) ?? [notSaid(step, 'leg')]),
    ...labelled('media', [reproduced.media ?? notSaid(step, 'media')]),
    ...labelled(
      'effects',
      reproduced.effects.map(({ type, params }) => words({ type, ...params })),
    ),
    ...labelled(
      'timers',
      reproduced.timers.map((timer) => timerWords(timer, step.at)),
    ),
    ...labelled('context', changedFields(before?.context ?? {}, reproduced.context)),
    ...differences.flatMap(differenceLines),
  ]
}

/** The last word: everything was reproduced, or where it first was not. */
export function verdictLines({ steps, firstDifference, call, chartVersion }: Replay): string[] {
  if (firstDifference === null) return [`All ${steps.length} recorded states were reproduced.`]
  const step = steps[firstDifference]
  if (!step) return []
  const isOnlyTime = step.differences.every(({ what }) => what === 'timer')
  const outage = isOnlyTime ? ', or for some time no process was there' : ''
  const charts =
    call.chartVersion === chartVersion
      ? 'Both charts call themselves version ' +
        `${chartVersion}: the chart was changed without a new CHART_VERSION, or the record does not belong to it${outage}.`
      : `The call was recorded by chart ${call.chartVersion}; this is chart ${chartVersion}.`
  return [
    `The first difference is at event ${step.seq}, ${step.type}:`,
    ...step.differences.flatMap(differenceLines),
    ...(step.reproduced.leg === null ? [`Then ${notSaid(step, 'leg')}.`] : []),
    `${charts} What comes after this event only follows from it.`,
  ]
}

/** The chart came to a state that its instructions do not know. */
const notSaid = ({ reproduced }: ReplayedStep, side: 'leg' | 'media') =>
  `nothing says what the ${side} is told in ${reproduced.stateAfter}: machines/instructions.ts has no answer for it`

function differenceLines({ what, recorded, reproduced }: Difference): string[] {
  return [
    `${' '.repeat(17)}DIFFERS ${what}`,
    `${' '.repeat(17)}  recorded   ${shown(recorded)}`,
    `${' '.repeat(17)}  reproduced ${shown(reproduced)}`,
  ]
}

const shown = (value: unknown) =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing at all')

const labelled = (label: string, things: string[]): string[] =>
  things.length === 0 ? [] : [`${' '.repeat(17)}${label.padEnd(LABEL_WIDTH)}${things.join(', ')}`]

/** `hold 2`: the first is a name, the rest are what it carries. */
const words = (thing: object) =>
  Object.values(thing)
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
    .join(' ')

/** What the event carries; the input of a new call is told by what it remembers. */
function carriedBy({ type, event }: ReplayedStep): string[] {
  if (type === 'call.began') return []
  const { type: _, ...carried } = event
  return Object.entries(carried).map(([field, value]) => `${field} ${shown(value)}`)
}

function timerWords({ timerId, dueAt }: { timerId: string; dueAt: string }, at: string): string {
  return `${delayOf(timerId) ?? timerId} in ${seconds(Date.parse(dueAt) - Date.parse(at))}`
}

function changedFields(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return Object.entries(after)
    .filter(([field, value]) => JSON.stringify(before[field]) !== JSON.stringify(value))
    .map(([field, value]) => `${field} ${shown(value)}`)
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 3)} s`
