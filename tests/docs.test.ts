import { existsSync, readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type AnyStateNode, createMachine } from 'xstate'
import { getStateNodes } from 'xstate/graph'
import { callSystem } from '../machines/call/call-system.ts'
import { isMessage, RECEIVERS } from '../machines/call/messages.ts'
import { END_REASONS } from '../machines/end-reasons.ts'
import { type CallState, legInstructions, mediaInstruction } from '../machines/instructions.ts'
import manifest from '../package.json' with { type: 'json' }
import { delayOf } from '../src/actors/timer-id.ts'
import { SETTING_NAMES } from '../src/config/config.ts'
import { CONSOLE_PAGES } from '../src/console/routing/pages.ts'
import { begin, INPUTS, viewOf } from '../src/model/call-model.ts'
import { checkChart } from '../src/model/check-chart.ts'
import { modelOf } from '../src/model/load-chart.ts'
import { USAGE as MODEL_USAGE } from '../src/model/model-options.ts'
import { USAGE as REPLAY_USAGE } from '../src/replay/replay-options.ts'
import { CHAOS_USAGE } from './chaos/options.ts'
import { CARRIER_FAULTS, VENDOR_FAULTS } from './chaos/plan.ts'
import { ROLLING_USAGE } from './chaos/rolling/options.ts'
import { PLACES } from './chaos/rolling/plan.ts'
import { FUZZ_USAGE } from './fuzz/options.ts'
import { READER_TARGETS } from './fuzz/reader-targets.ts'
import { SERVICE_TARGETS } from './fuzz/service-targets.ts'
import { callsIn, DELAYS, EVENTS, LEADING_TO } from './machines/call-rows.ts'
import { EFFECTS, timeBounds, wayPoints } from './machines/chart-checks.ts'
import { codeIn, codesIn, readText, tableOf } from './support/markdown-tables.ts'

/*
 * Holds the pages against the code: what one of them lacks, or still names though it is gone, fails.
 */

const ROOT = resolve(import.meta.dirname, '..')

const PAGES = [
  'states',
  'events',
  'end-reasons',
  'glossary',
  'settings',
  'DEPLOYMENT',
  'SIP_TESTING_GUIDE',
  'replay',
  'model-testing',
  'change-the-call',
  'add-a-machine',
  'chaos',
  'fuzz',
  'console',
  'architecture',
  'API',
  'DATABASE',
  'doctor',
  'web-phone',
  'trunks',
  'openai',
].map((page) => `docs/${page}.md`)

const namesIn = (table: ReturnType<typeof tableOf>, column: string) => table.map((row) => codeIn(row[column]))

describe('docs/states.md', () => {
  const states = tableOf('docs/states.md', 'state')
  const leaves = Object.values(callSystem.machines).flatMap(({ root }) =>
    getStateNodes(root as AnyStateNode).filter(({ type }) => type === 'atomic' || type === 'final'),
  )

  test('has every state of the chart, and no other', () => {
    expect(namesIn(states, 'state').sort()).toEqual(leaves.map(({ id }) => id).sort())
  })

  test('says of each what the chart says', () => {
    const described = leaves.map((node) => [node.id, node.description])
    const told = states.map((row) => [codeIn(row.state), row['what it is']])
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(described))
  })

  test('says how long a call may be in each, or that no time passes', () => {
    const nearest = Object.entries(timeBounds()).map(([place, [delay]]) => [place, delay])
    const bounded = states.filter((row) => codeIn(row['at most']))
    expect(Object.fromEntries(bounded.map((row) => [codeIn(row.state), codeIn(row['at most'])]))).toEqual(
      Object.fromEntries(nearest),
    )
    const unbounded = states.filter((row) => !codeIn(row['at most'])).map((row) => codeIn(row.state))
    const ends = leaves.filter(({ type }) => type === 'final').map(({ id }) => id)
    expect(unbounded.sort()).toEqual([...wayPoints(), ...ends].sort())
  })

  const shown = tableOf('docs/states.md', 'shown as')

  test('says as what each place of a call is shown, and what the leg is told there', () => {
    for (const row of shown) {
      const [told] = views(codeIn(row['shown as'])).map((view) =>
        legInstructions(view).map((step) => step.do),
      )
      const [first = ''] = (row['the leg is told'] ?? '').split(';')
      expect(codesIn(first), row['shown as']).toEqual(told)
      const media = allViews(codeIn(row['shown as'])).map((view) =>
        mediaInstruction(view, view.context.bridgeNumber),
      )
      expect(codesIn(row['the media session is told']).sort(), row['shown as']).toEqual(
        [...new Set<string>(media)].sort(),
      )
    }
    const places = Object.keys(LEADING_TO).map((row) => row.split(' while ')[0])
    expect(namesIn(shown, 'shown as').sort()).toEqual([...new Set(places)].sort())
  })

  test('explains every instruction', () => {
    const all = shown.flatMap((row) => allViews(codeIn(row['shown as'])))
    const leg = all.flatMap((view) => legInstructions(view).map((step) => step.do))
    const media = all.map((view) => mediaInstruction(view, view.context.bridgeNumber))
    const written = (side: string) =>
      namesIn(tableOf('docs/states.md', `told to the ${side}`), `told to the ${side}`)
    expect(written('leg').sort()).toEqual([...new Set<string>(leg)].sort())
    expect(written('media session').sort()).toEqual([...new Set<string>(media)].sort())
  })

  test('explains all that a call remembers', () => {
    const { context } = viewOf(begin(INPUTS['cached voice']).snapshot)
    expect(namesIn(tableOf('docs/states.md', 'field'), 'field').sort()).toEqual(Object.keys(context).sort())
  })
})

/** All calls that are shown as this. */
const allViews = (place: string): CallState[] =>
  [place, `${place} while cloning`].flatMap((row) => callsIn(row).map(viewOf))

/** Calls in this leg state, one that waits for its voice first, in the words of CallState. */
function views(leg: string): CallState[] {
  const rows = Object.entries(LEADING_TO).filter(([row]) => row.split(' while ')[0] === leg)
  rows.sort(([a], [b]) => Number(b.includes('cloning')) - Number(a.includes('cloning')))
  const calls = rows.map(([, lead]) => lead('default')).filter((call) => call !== null)
  return calls.map(viewOf)
}

describe('docs/events.md', () => {
  const events = tableOf('docs/events.md', 'event')

  test('has every event that the chart takes, and no other', () => {
    const taken = Object.values(callSystem.machines)
      .flatMap(({ events: types }): string[] => types)
      .filter((type) => delayOf(type) === null && !isMessage(type))
    expect(namesIn(events, 'event').sort()).toEqual([...new Set(taken)].sort())
  })

  test('has every message between the machines, and to which it is', () => {
    const messages = tableOf('docs/events.md', 'message').map((row) => [codeIn(row.message), codesIn(row.to)])
    expect(Object.fromEntries(messages)).toEqual(RECEIVERS)
  })

  test('says what each carries', () => {
    const { context } = viewOf(begin(INPUTS['cached voice']).snapshot)
    const sent = Map.groupBy(
      Object.values(EVENTS).map((send) => send(context)),
      ({ type }) => type,
    )
    for (const [type, alike] of sent) {
      const row = events.find(({ event }) => codeIn(event) === type)
      const carried = new Set(alike.flatMap(({ type: _, ...others }) => Object.keys(others)))
      expect(codesIn(row?.carries).sort(), type).toEqual([...carried].sort())
    }
  })

  test('has every delay, and no other', () => {
    expect(namesIn(tableOf('docs/events.md', 'delay'), 'delay').sort()).toEqual([...DELAYS].sort())
  })

  test('has every effect with what it carries, and no other', () => {
    const effects = tableOf('docs/events.md', 'effect').map((row) => [
      codeIn(row.effect),
      codesIn(row.carries),
    ])
    expect(Object.fromEntries(effects)).toEqual(EFFECTS)
  })
})

test('docs/end-reasons.md has every end reason with its fault and meaning, and no other', () => {
  const reasons = tableOf('docs/end-reasons.md', 'reason').map(({ reason, fault, meaning }) => [
    codeIn(reason),
    { fault, meaning },
  ])
  expect(Object.fromEntries(reasons)).toEqual(END_REASONS)
  const faults = tableOf('docs/end-reasons.md', 'fault').map(({ fault }) => fault)
  expect(faults.sort()).toEqual(
    [...new Set<string>(Object.values(END_REASONS).map(({ fault }) => fault))].sort(),
  )
})

describe('docs/glossary.md', () => {
  const terms = tableOf('docs/glossary.md', 'term').map(({ term = '' }) => term)

  test('is in alphabetical order, each term once', () => {
    expect(terms.length).toBeGreaterThan(0)
    expect(terms).toEqual([...new Set(terms)].sort())
  })

  test('knows the words that the other pages lean on', () => {
    const needed = [
      'bridge',
      'bridge number',
      'carrier',
      'chart version',
      'departing',
      'effect',
      'end reason',
      'fault',
      'fork',
      'instruction',
      'leg',
      'leg holder',
      'outcome',
      'patience',
      'machine',
      'message',
      'rejoining',
      'timer',
      'trunk',
    ]
    expect(needed.filter((word) => !terms.includes(word))).toEqual([])
  })
})

describe('docs/replay.md', () => {
  test('knows every option of the command, and no other', () => {
    const page = readText('docs/replay.md')
    const options = (text: string) => [...new Set(text.match(/--[a-z][a-z-]+/g))].sort()
    expect(options(page)).toEqual(options(REPLAY_USAGE))
  })
})

describe('docs/model-testing.md', () => {
  const page = readText('docs/model-testing.md')

  test('knows every command and option, and no other', () => {
    const words = (text: string) => [...new Set(text.match(/--[a-z][a-z-]+|npm run model -- [a-z]+/g))].sort()
    expect(words(page)).toEqual(words(MODEL_USAGE))
  })

  test('has every rule of the check, and no other', () => {
    const { checks } = checkChart(modelOf(createMachine({}), {}), {
      silenceMs: 1,
      carrierMs: 1,
      ledger: null,
    })
    expect(namesIn(tableOf('docs/model-testing.md', 'rule'), 'rule')).toEqual(checks.map(({ rule }) => rule))
  })
})

describe('docs/chaos.md', () => {
  const page = readText('docs/chaos.md')

  test('names no option that the command has not', () => {
    const options = (text: string) => [...new Set(text.match(/--[a-z][a-z-]+/g))]
    const known = new Set([...options(CHAOS_USAGE), ...options(ROLLING_USAGE), '--help'])
    expect(options(page).filter((option) => !known.has(option))).toEqual([])
  })

  test('explains every fault of vendor and carrier', () => {
    const told = tableOf('docs/chaos.md', 'fault').flatMap(({ fault }) => codesIn(fault))
    const kinds = [...Object.keys(VENDOR_FAULTS), ...Object.keys(CARRIER_FAULTS)]
    expect(kinds.filter((kind) => !told.includes(kind))).toEqual([])
  })

  test('explains every place of a rolling update', () => {
    expect(namesIn(tableOf('docs/chaos.md', 'place'), 'place')).toEqual(Object.keys(PLACES))
  })
})

describe('docs/fuzz.md', () => {
  test('names no option that the command has not', () => {
    const options = (text: string) => [...new Set(text.match(/--[a-z][a-z-]+/g))]
    const known = options(FUZZ_USAGE)
    expect(options(readText('docs/fuzz.md')).filter((option) => !known.includes(option))).toEqual([])
  })

  test('has every target, and no other', () => {
    const targets = [...READER_TARGETS.map(({ name }) => name), ...Object.keys(SERVICE_TARGETS)]
    expect(namesIn(tableOf('docs/fuzz.md', 'target'), 'target')).toEqual(targets)
  })
})

test('docs/doctor.md explains no line that the doctor does not print', () => {
  const folder = resolve(ROOT, 'src/doctor')
  const sources = readdirSync(folder).map((file) => readText(resolve(folder, file)))
  const told = tableOf('docs/doctor.md', 'line').flatMap(({ line }) => codesIn(line))
  // Where there are several FreeSWITCH servers, their lines are numbered.
  const literals = (name: string) => [`'${name}'`, `{name} ${name.replace(/^freeswitch /, '')}\``]
  const isPrinted = (name: string) =>
    sources.some((source) => literals(name).some((literal) => source.includes(literal)))
  expect(told.length).toBeGreaterThan(20)
  expect(told.filter((name) => name !== '--fix' && !isPrinted(name))).toEqual([])
})

describe('docs/architecture.md', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest

  test('has one picture', () => {
    expect(readText('docs/architecture.md').match(/^```mermaid$/gm)).toHaveLength(1)
  })

  test('has every folder of src, and no other', () => {
    const folders = readdirSync(resolve(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    const told = tableOf('docs/architecture.md', 'room').flatMap(({ room }) => codesIn(room))
    const rooms = told.flatMap((place) => /^src\/([^/]+)\//.exec(place)?.[1] ?? [])
    expect([...new Set(rooms)].sort()).toEqual(folders.map(({ name }) => name).sort())
  })

  test('says what each package is for, and of no other; those of types go without saying', () => {
    const told = tableOf('docs/architecture.md', 'package').flatMap((row) => (row.package ?? '').split(', '))
    const used = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
      (name) => !name.startsWith('@types/'),
    )
    expect(told.sort()).toEqual(used.sort())
  })
})

describe('docs/console.md', () => {
  test('has every page of the console, and no other', () => {
    const told = tableOf('docs/console.md', 'page').filter(({ page }) => page !== 'one call')
    const addresses = told.map((row) => [row.page, codeIn(row.address)])
    expect(addresses).toEqual(CONSOLE_PAGES.map(({ page, name }) => [name, `#/${page}`]))
  })
})

describe('the settings', () => {
  const settings = tableOf('docs/settings.md', 'name')

  test('are all in docs/settings.md, and no other', () => {
    expect(namesIn(settings, 'name').sort()).toEqual([...SETTING_NAMES].sort())
  })

  test('are all in .env.example with the default that docs/settings.md says', () => {
    const example = readText('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)
    const values = [...example].map(([, name, value = '']) => [name, value.replace(/^"(.*)"$/, '$1')])
    const defaults = settings.map((row) => [codeIn(row.name), codeIn(row.default)])
    expect(Object.fromEntries(values)).toEqual(Object.fromEntries(defaults))
  })
})

test.each(PAGES)('the links of %s lead somewhere', (page) => {
  const links = [...readText(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link)
  const local = links.filter((link) => !/^[a-z]+:/.test(link))
  expect(local.filter((link) => !existsSync(resolve(ROOT, dirname(page), link)))).toEqual([])
})
