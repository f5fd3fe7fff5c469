import type { Broken } from '../verdict.ts'
import { type CarrierName, PLACES_OVER, type Place } from './plan.ts'
import type { RollingVerdict } from './verdict.ts'

export type JudgedCall = {
  number: number
  carrier: CarrierName
  place: Place
  callId: string | null
  /** It was at its place when the old version was told to go. */
  wasThere: boolean
  /** It was written by the old chart then, and goes on in that of today. */
  isUpgraded: boolean
  end: RollingVerdict['end']
  why: string
  /** Found beside how it ended. */
  also: Broken[]
  /** What its carrier saw and what is written of it, a line each. */
  told: string[]
}

const HEAD = ['place', 'carrier', 'calls', 'there', 'as planned', 'with its holder', 'broken']
const ENDS: ReadonlySet<string> = new Set(['as planned', 'with its holder'])

/** What is broken about this call. */
export const brokenOf = ({ end, also }: JudgedCall): Broken[] =>
  ENDS.has(end) ? also : [end as Broken, ...also]

/** Every place over every carrier, and what became of those who were there. */
export function placeTable(calls: readonly JudgedCall[]): string {
  const cells = (['twilio', 'sip'] as const).flatMap((carrier) =>
    PLACES_OVER[carrier].map((place) => ({ place, carrier })),
  )
  const rows = cells.map(({ place, carrier }) =>
    rowOf(
      place,
      carrier,
      calls.filter((call) => call.place === place && call.carrier === carrier),
    ),
  )
  return aligned([HEAD, ...rows, rowOf('all', 'both', calls)])
}

function rowOf(place: string, carrier: string, calls: readonly JudgedCall[]): string[] {
  const count = (isIt: (call: JudgedCall) => boolean) => `${calls.filter(isIt).length}`
  const broken = calls.flatMap(brokenOf)
  return [
    place,
    carrier,
    `${calls.length}`,
    count(({ wasThere }) => wasThere),
    count(({ end }) => end === 'as planned'),
    count(({ end }) => end === 'with its holder'),
    broken.length === 0 ? '-' : broken.join(' '),
  ]
}

function aligned(rows: string[][]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** How many calls of each kind there are, for the last line of a run. */
export function countsOf(calls: readonly JudgedCall[]) {
  const ended = (end: JudgedCall['end']) => calls.filter((call) => call.end === end).length
  const broken = (what: Broken) => calls.filter((call) => brokenOf(call).includes(what)).length
  return {
    calls: calls.length,
    there: calls.filter(({ wasThere }) => wasThere).length,
    upgraded: calls.filter(({ isUpgraded }) => isUpgraded).length,
    asPlanned: ended('as planned'),
    withHolder: ended('with its holder'),
    lost: broken('lost'),
    doubled: broken('doubled'),
    stuck: broken('stuck'),
    busy: broken('busy'),
    misreported: broken('misreported'),
  }
}

/** All that is known of a call that something is wrong with. */
export function toldOf(call: JudgedCall): string {
  const { number, carrier, place, callId, wasThere, why, told } = call
  return [
    `${brokenOf(call).join(', ').toUpperCase()}: ${why}`,
    `  call number ${number} of the plan, ${callId ?? '(not written)'}, ${wasThere ? '' : 'meant to be '}at ${place} over ${carrier}`,
    ...told.map((line) => `  ${line}`),
  ].join('\n')
}

const PROMISES = [
  'lost',
  'doubled',
  'stuck',
  'busy',
  'misreported',
  'jobsLeft',
  'voicesLeft',
  'left',
] as const

/** Which of the promises were broken. */
export const brokenPromises = (outcome: Record<(typeof PROMISES)[number], number>): string[] =>
  PROMISES.filter((name) => outcome[name] > 0)
