import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createMachine } from 'xstate'
import { callSystem } from '../../machines/call/call-system.ts'
import { systemDefinition } from '../../src/actors/chart-definition.ts'
import { systemOf } from '../../src/actors/machine-system.ts'
import { UsageError } from '../../src/commands/command.ts'
import { fingerprintOf } from '../../src/model/coverage.ts'
import { readModelOptions } from '../../src/model/model-options.ts'
import { CALL_ELEMENTS } from '../support/call-coverage.ts'
import { keepRun } from '../support/keep-run.ts'
import { SourceTree } from '../support/source-tree.ts'

/*
 * `npm run model` as somebody runs it who changes a chart: a process of its own.
 */

const ROOT = resolve(import.meta.dirname, '../..')
const DOOR = join(import.meta.dirname, 'charts/door.ts')
const LEDGER = join(ROOT, 'tests/machines/call-table.ts')
const BROKEN = join(import.meta.dirname, 'charts/broken-door.ts')

/** A check of the calls' chart takes two seconds of a processor, which others may want as well. */
const PATIENCE_MS = 60_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'precall-model-'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rm(folder, { recursive: true }))

type Ran = { code: number; output: string }

const run = (...args: string[]): Promise<Ran> => execute(join(ROOT, 'src/model.ts'), ...args)

function execute(program: string, ...args: string[]): Promise<Ran> {
  const options = { cwd: folder, env: { PATH: process.env.PATH, NO_COLOR: '1', CI: '1' } }
  return new Promise((done) => {
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    )
  })
}

async function fileWith(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

describe('check', () => {
  test('finds nothing wrong with the chart of calls', { timeout: PATIENCE_MS }, async () => {
    const { code, output } = await run('check')
    expect(output).toMatch(
      /^Chart call-system, version \d+: states \d+, transitions \d+, situations looked at \d+\.\n/,
    )
    expect(output.match(/^ok {4}/gm), output).toHaveLength(8)
    expect(output).toMatch(/a caller hears nothing for at most 106 s \(allowed: 120 s\)/)
    expect(code).toBe(0)
  })

  test('checks a chart of somebody’s own', async () => {
    const { code, output } = await run('check', '--machine', DOOR)
    expect(output).toMatch(/Nothing was found\.\n$/)
    expect(code).toBe(0)
  })

  test('says what is wrong with one, where, and how to mend it', async () => {
    const { code, output } = await run('check', '--machine', BROKEN)
    for (const line of [
      'bounded time   brokenDoor.open: an actor may stay in it for ever',
      'bounded time   brokenDoor.stuck: its delay 1000 does not leave it for certain',
      'end in reach   stuck: nothing that can happen from here leads to a final state',
      'no event lost  closed: handles push, which the ledger calls ignored',
      'no event lost  open: ignores kick',
      'nothing dead   brokenDoor.hidden: no sequence of events enters it',
      'no silence     open: a caller may hear nothing for any time',
    ])
      expect(output).toContain(`FAIL  ${line}`)
    expect(output.match(/^FAIL .*To mend: .+\.$/gm)).toHaveLength(output.match(/^FAIL /gm)?.length ?? 0)
    expect(code).toBe(1)
  })

  test('checks a changed chart of calls as calls are checked', { timeout: PATIENCE_MS }, async () => {
    const changed = await fileWith(
      'changed-call.ts',
      `import { createMachine } from 'xstate'
import { callMachine } from '${ROOT}/machines/call/call.machine.ts'
const { config: { states: { hold, ...states }, ...config } } = callMachine
export const mine = createMachine(
  { ...config, after: {}, states: { ...states, hold: { ...hold, on: {} } } },
  callMachine.implementations,
)\n`,
    )
    const { code, output } = await run('check', '--machine', changed)
    expect(code).toBe(1)
    expect(output).toContain('FAIL  bounded time   call.bridged: an actor may stay in it for ever')
    expect(output).toMatch(/FAIL {2}end in reach {3}bridged\.talking: when nobody says anything more/)

    const other = await fileWith(
      'other-call.ts',
      `import { createMachine } from 'xstate'
export const other = createMachine({ id: 'call', initial: 'a', states: { a: {} } })\n`,
    )
    const refused = await run('check', '--machine', other)
    expect(refused.code).toBe(2)
    expect(refused.output).toContain('is called call, as one of the machines of a call is, but takes nothing')
  })

  test('says of a state that was added what it still lacks', { timeout: PATIENCE_MS }, async () => {
    const parked = await fileWith(
      'parked-call.ts',
      `import { createMachine } from 'xstate'
import { callMachine } from '${ROOT}/machines/call/call.machine.ts'
const { states } = callMachine.config
const greeting = { ...states.greeting, after: { TOO_LONG: 'hold' } }
const bridged = { ...states.bridged, on: { ...states.bridged.on, 'conversation.isOver': 'parked' } }
export const mine = createMachine(
  { ...callMachine.config, states: { ...states, greeting, bridged, parked: { on: { 'leg.asks': 'hold' } } } },
  callMachine.implementations,
)\n`,
    )
    const { code, output } = await run('check', '--machine', parked)
    expect(code).toBe(1)
    for (const line of [
      'bounded time   call.parked: nothing but CALL_MAX of call ends it',
      'no event lost  parked: is not in the ledger, and ignores',
      "no failure     call.greeting: names TOO_LONG, which is not among the chart's delays",
      'no silence     parked: nothing says what the caller hears there',
    ])
      expect(output).toContain(`FAIL  ${line}`)
  })

  test('says where the chart of calls itself cannot be loaded', { timeout: PATIENCE_MS }, async () => {
    const copy = await SourceTree.copy()
    onTestFinished(() => copy.remove())
    const region = 'machines/call/call.machine.ts'
    const text = await copy.read(region)
    await copy.replace(region, "target: '.closing'", "target: '.clozing'")
    const checked = await execute(copy.path('src/model.ts'), 'check')
    expect(checked.code).toBe(2)
    expect(checked.output).toMatch(
      /^The chart of calls cannot be loaded \(machines\/call\/call\.machine\.ts:\d+\): .*'clozing' does not exist on .*\. To mend: correct the name, or add the state: .*\.\n$/,
    )

    await writeFile(copy.path(region), `${text}{`)
    const replayed = await execute(copy.path('src/replay.ts'), 'call.jsonl')
    expect(replayed.code).toBe(2)
    expect(replayed.output).toMatch(
      /cannot be loaded \(machines\/call\/call\.machine\.ts:\d+\): Expected '}'.*\. To mend: correct what is written there\.\n$/,
    )

    await writeFile(copy.path(region), text)
    await copy.replace(region, 'FAREWELL: 30_000', 'FAREWEL: 30_000')
    const misspelt = await execute(copy.path('src/model.ts'), 'check', '--ledger', LEDGER)
    expect(misspelt.code, misspelt.output).toBe(1)
    const failed = misspelt.output.match(/^FAIL .*$/gm) ?? []
    expect(failed).not.toEqual([])
    expect(
      failed.filter((line) => !line.includes('names FAREWELL, which is not among')),
      misspelt.output,
    ).toEqual([])
    expect(misspelt.output).toMatch(/^skip +nothing dead +cannot be told before every guard and delay/m)
  })

  test('does not guess at what cannot be loaded', async () => {
    const noMachine = await fileWith('plain.ts', 'export const door = 1\n')
    const broken = await fileWith('syntax.ts', 'export const = 1\n')
    const needsInput = await fileWith(
      'needy.ts',
      `import { createMachine } from 'xstate'
export default createMachine({ id: 'needy', context: ({ input }: { input: { n: { m: number } } }) => ({ m: input.n.m }), initial: 'a', states: { a: {} } })\n`,
    )
    const told = await Promise.all(
      [join(folder, 'nowhere.ts'), noMachine, broken, needsInput].map((file) =>
        run('check', '--machine', file),
      ),
    )
    expect(told.map(({ code }) => code)).toEqual([2, 2, 2, 2])
    const [absent, plain, unreadable, needy] = told.map(({ output }) => output)
    expect(absent).toBe(`There is no file ${join(folder, 'nowhere.ts')}.\n`)
    expect(plain).toContain(
      'plain.ts exports no machine: export what `setup().createMachine()` made. It exports: door.',
    )
    expect(unreadable).toMatch(/syntax\.ts cannot be loaded .*: .*To mend: correct what is written there\.$/m)
    expect(needy).toMatch(/needy\.ts cannot begin with no input: .* Export `inputs` beside it/)
  })
})

describe('paths', () => {
  test('tells the shortest path to a state', async () => {
    const { code, output } = await run('paths', '--to', 'conversation.live.talking', '--limit', '1')
    expect(code).toBe(0)
    expect(
      output
        .split('\n')
        .slice(0, 4)
        .map((line) => line.trim().split(/ {2,}/)[0]),
    ).toEqual([
      'default voice: call.greeting + leg.answered + conversation.idle + voice.settled.default + transfer.idle',
      'leg.instructionsRequested',
      'media.joined bridgeNumber 1 node "node-1"',
      'agent.ready bridgeNumber 1 conversationId "conversation-1"',
    ])
  })

  test('knows no path to a state that is not there, and names those that are', async () => {
    const { code, output } = await run('paths', '--to', 'heaven', '--machine', DOOR)
    expect(code).toBe(2)
    expect(output).toBe('The chart has no state heaven. It has: closed, open, gone.\n')
  })

  test('writes tests that vitest runs', { timeout: PATIENCE_MS }, async () => {
    const out = join(folder, 'door.test.ts')
    const written = await run('paths', '--machine', DOOR, '--out', out)
    expect(written.output).toMatch(/^Written: .*\n\d+ paths; run them with: npx vitest run/)
    expect(await readFile(out, 'utf8')).toMatch(/type\W+push/)
    const ran = await execute(join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder)
    expect(ran.code, ran.output).toBe(0)
    expect(ran.output).toMatch(/Tests +\d+ passed/)
  })

  test('writes tests that play calls over a carrier', { timeout: PATIENCE_MS }, async () => {
    const out = join(folder, 'calls.ts')
    const { code } = await run(
      'paths',
      '--to',
      'call.failed',
      '--carrier',
      'sip',
      '--limit',
      '2',
      '--out',
      out,
    )
    expect(code).toBe(0)
    const text = await readFile(out, 'utf8')
    expect(text).toContain("Stage.set('sip')")
    expect(text).toMatch(/import \{ playPath \} from '.*\/tests\/generated\/play-path\.ts'/)
  })
})

describe('coverage', () => {
  const call = systemDefinition(callSystem)
  const all = { name: 'all', elements: [] as string[] }

  test('says what to run where nothing was measured, or what was is unreadable', async () => {
    const { code, output } = await run('coverage', '--from', folder)
    expect(code).toBe(2)
    expect(output).toBe(
      'Nothing was measured here yet: run npx vitest run tests/generated, which plays the generated paths over each carrier, and ask again.\n',
    )
    await fileWith('chart-call-system-twilio.json', '{"chart":"call-system","paths":[')
    const cut = await run('coverage', '--from', folder)
    expect(cut.code).toBe(2)
    expect(cut.output).toMatch(
      /chart-call-system-twilio\.json is not what a run .* cut or edited\. Delete it and run/,
    )
  })

  test('counts what each carrier went through, and names what it missed', async () => {
    const { states, transitions } = CALL_ELEMENTS
    all.elements = [...states, ...transitions]
    const run1 = {
      chart: 'call-system',
      at: '2026-01-05T12:00:00.000Z',
      fingerprint: fingerprintOf(call),
      never: [],
    }
    await keepRun({ ...run1, carrier: 'twilio', paths: [all] }, folder)
    const some = all.elements.filter((id) => id !== 'leg.opening on media.joined #1')
    await keepRun({ ...run1, carrier: 'sip', paths: [{ name: 'some', elements: some }] }, folder)
    const picture = join(folder, 'coverage.svg')
    const { code, output } = await run('coverage', '--from', folder, '--paths', '--svg', picture)
    expect(
      (await readFile(picture, 'utf8')).match(/class="missed" points="[^"]+".*<title>([^<]*)</)?.[1],
    ).toBe('media.joined: gone through 0 times')
    expect(code).toBe(1)
    expect(output).toMatch(/^transitions +(\d+) of \1 +\d+ of \1$/m)
    expect(output).toContain('Over twilio everything was gone through.')
    expect(output).toContain('Over sip nothing came by:\n  leg.opening on media.joined #1\n')
    expect(output).toMatch(/^twilio: all: \d+ states, \d+ transitions\n {2}alone in call-system\n/m)

    await keepRun(
      {
        ...run1,
        carrier: 'sip',
        paths: [{ name: 'some', elements: some }],
        never: ['leg.opening on media.joined #1'],
      },
      folder,
    )
    const never = await run('coverage', '--from', folder)
    expect(never.code).toBe(0)
    expect(never.output).toMatch(/^ {2}leg\.opening on media\.joined #1 +1 +never$/m)
    expect(never.output).toContain('Over sip everything was gone through but 1 that it never has.')

    await keepRun({ ...run1, carrier: 'sip', paths: [all] }, folder)
    const json = await run('coverage', '--from', folder, '--json')
    expect(json.code).toBe(0)
    expect(JSON.parse(json.output).carriers).toHaveLength(2)

    await keepRun({ ...run1, carrier: 'sip', fingerprint: 'other', paths: [all] }, folder)
    const changed = await run('coverage', '--from', folder)
    expect(changed.code).toBe(1)
    expect(changed.output).toContain(
      'What was measured over sip at 2026-01-05T12:00:00.000Z is of another chart',
    )
  })
})

describe('export', () => {
  test('as JSON is what makes the same chart again', async () => {
    const { code, output } = await run('export')
    expect(code).toBe(0)
    const again = systemDefinition(systemOf(createMachine(JSON.parse(output))))
    // How long a named delay lasts is said by the machine's code.
    const withoutLengths = (chart: object) =>
      JSON.parse(JSON.stringify(chart, (key, value) => (key === 'delayMs' ? null : value)))
    expect(withoutLengths(again)).toEqual(withoutLengths(systemDefinition(callSystem)))
  })

  test('of one of the machines of a call has that machine alone', async () => {
    const leg = join(ROOT, 'machines/call/leg.machine.ts')
    const { code, output } = await run('export', '--format', 'mermaid', '--machine', leg)
    expect(code).toBe(0)
    expect(output).toContain('s_leg_answered --> s_leg_opening : call.bridge')
    expect(output).not.toContain('s_call_')
  })

  test('as Mermaid has every state and every transition', async () => {
    const { output } = await run('export', '--format', 'mermaid', '--machine', DOOR)
    expect(output).toBe(`stateDiagram-v2
  state "closed" as s_door_closed
  [*] --> s_door_closed
  state "open" as s_door_open
  state "gone" as s_door_gone
  s_door_gone --> [*]
  s_door_closed --> s_door_open : push
  s_door_closed --> s_door_gone : after 60000
  s_door_open --> s_door_closed : pull
  s_door_open --> s_door_closed : after 5000
`)
  })

  test('as SVG is a picture with every state in it', async () => {
    const out = join(folder, 'call.svg')
    const { output } = await run('export', '--format', 'svg', '--out', out)
    expect(output).toBe(`Written: ${out}.\n`)
    const svg = await readFile(out, 'utf8')
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[-\d. ]+"/)
    for (const state of ['hold', 'bridged', 'talking', 'cloning', 'ended'])
      expect(svg).toContain(`>${state}</text>`)
    expect(svg.match(/<polyline /g)?.length).toBeGreaterThan(20)
  })
})

test.each([
  [[], 'What shall be done? Say one of: check, paths, coverage, export, ledger, compat.'],
  [['dance'], 'There is no "dance" here.'],
  [['check', '--silence', 'long'], '--silence must be a number of seconds above 0, not "long".'],
  [['paths', '--limit', '0'], '--limit must be a whole number above 0, not "0".'],
  [['paths', '--kind', 'long'], '--kind must be one of shortest, simple, not "long".'],
  [['paths', '--carrier', 'pigeon'], '--carrier must be one of twilio, sip, not "pigeon".'],
  [['paths', '--carrier', 'sip', '--machine', 'door.ts'], '--carrier plays calls on the service'],
  [['export', '--format', 'png'], '--format must be one of json, mermaid, svg, not "png".'],
  [['export', '--to', 'x'], "Unknown option '--to'"],
])('%j is refused', (args, message) => {
  expect(() => readModelOptions(args)).toThrow(UsageError)
  expect(() => readModelOptions(args)).toThrow(message)
})
