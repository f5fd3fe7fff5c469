import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AnyStateMachine, EventObject } from 'xstate'
import { beginSystem, type MachineSystem, stepSystem, systemOf } from '../actors/machine-system.ts'
import { delayOf } from '../actors/timer-id.ts'
import { placesOf } from './chart-walk.ts'
import type { ChartModel } from './explore.ts'
import type { CarrierName } from './model-options.ts'
import type { Path } from './paths.ts'

/*
 * Paths through a chart as a test file: on the chart alone, or on the running service over a carrier.
 */

/**
 * The places that an actor rests in, from its beginning through these events.
 *
 * @public The files that are written import it.
 */
export function placesAlong(
  chart: AnyStateMachine | MachineSystem,
  input: unknown,
  events: EventObject[],
): string[] {
  const system = 'machines' in chart ? chart : systemOf(chart)
  let { snapshot } = beginSystem(system, input)
  const places = [placesOf(snapshot)]
  for (const event of events) {
    snapshot = stepSystem(system, snapshot, event).snapshot
    places.push(placesOf(snapshot))
  }
  return places
}

/** The path in words: what happens, and where it leads. */
export function linesOfPath(path: Path, model: ChartModel): string[] {
  const places = placesAlong(model.system, model.inputs[path.inputName], path.events)
  const steps = path.events.map((event, index) => [wordsOf(event), places[index + 1] ?? ''] as const)
  const width = Math.max(...steps.map(([words]) => words.length), 0)
  return [
    `${path.inputName}: ${places[0]}`,
    ...steps.map(([words, place]) => `  ${words.padEnd(width)}  → ${place}`),
  ]
}

function wordsOf({ type, ...carried }: EventObject): string {
  const delay = delayOf(type)
  const words = Object.entries(carried).map(([field, value]) => `${field} ${JSON.stringify(value)}`)
  return delay ? `${delay} runs out` : [type, ...words].join(' ')
}

/** A test of each path on the chart alone. `machine` says from which file it is imported, and under what name. */
export function chartTestFile(
  paths: Path[],
  model: ChartModel,
  { out, machine }: { out: string; machine: { file: string; name: string } },
): string {
  const title = titles(model)
  const tests = paths.map((path) => {
    const input = model.inputs[path.inputName]
    const places = placesAlong(model.system, input, path.events)
    return `
test(${string(title(path))}, () => {
  const input = ${literal(input)}
  const events = ${list(path.events)}
  expect(placesAlong(machine, input, events)).toEqual(${list(places)})
})`
  })
  const imported = machine.name === 'default' ? 'machine' : `{ ${machine.name} as machine }`
  return `import { expect, test } from 'vitest'
import ${imported} from '${importPath(out, machine.file)}'
import { placesAlong } from '${importPath(out, fileURLToPath(import.meta.url))}'

/* Written by \`npm run model -- paths\`: paths through the chart ${model.system.id}, and where each of their events leads. */
${tests.join('\n')}
`
}

/** A test of each path on the running service: every party uses its own protocol, and time is moved in the database. */
export function carrierTestFile(
  paths: Path[],
  model: ChartModel,
  { out, carrier }: { out: string; carrier: CarrierName },
): string {
  const title = titles(model)
  const tests = paths.map(
    (path) => `
  test(${string(title(path))}, () =>
    play(${string(path.inputName)}, ${list(path.events)}))`,
  )
  const generated = (file: string) =>
    importPath(out, fileURLToPath(new URL(`../../tests/generated/${file}`, import.meta.url)))
  return `import { afterAll, beforeAll, describe, test } from 'vitest'
import { type InputName, pathOf } from '${importPath(out, fileURLToPath(new URL('call-paths.ts', import.meta.url)))}'
import type { AnyEvent } from '${importPath(out, fileURLToPath(new URL('call-model.ts', import.meta.url)))}'
import { playPath } from '${generated('play-path.ts')}'
import { Stage } from '${generated('stage.ts')}'

/* Written by \`npm run model -- paths\`: paths of a call, each played on the running service over ${carrier}. */

let stage: Stage

beforeAll(async () => {
  stage = await Stage.set('${carrier}')
})
afterAll(() => stage.strike())

/** Does what makes each event happen, and holds the service to what the chart says of it. */
const play = (inputName: InputName, events: AnyEvent[]) =>
  playPath(pathOf({ inputName, events }), { stage })

describe.concurrent('over ${carrier}', () => {${tests.join('\n')}
})
`
}

/** The beginning and what happens, in the fewest words; what is called alike is numbered. */
function titles({ columnName }: ChartModel): (path: Path) => string {
  const counts = new Map<string, number>()
  return ({ inputName, events }) => {
    const title = [inputName, ...events.map(columnName)].join(', ')
    const count = (counts.get(title) ?? 0) + 1
    counts.set(title, count)
    return count === 1 ? title : `${title} #${count}`
  }
}

const literal = (value: unknown): string => (value === undefined ? 'undefined' : JSON.stringify(value))

/** One item a line, as somebody would write it. */
const list = (items: unknown[]): string =>
  `[\n${items.map((item) => `    ${literal(item)},`).join('\n')}\n  ]`

const string = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`

function importPath(from: string, to: string): string {
  const path = relative(dirname(resolve(from)), resolve(to))
    .split(sep)
    .join('/')
  return path.startsWith('.') ? path : `./${path}`
}
