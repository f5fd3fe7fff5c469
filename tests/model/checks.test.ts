import { describe, expect, test } from 'vitest'
import { type AnyStateMachine, assign, createMachine, setup } from 'xstate'
import type { SystemSnapshot } from '../../src/actors/machine-system.ts'
import { checkChart, reportLines } from '../../src/model/check-chart.ts'
import type { Checked } from '../../src/model/checks/finding.ts'
import type { ChartModel, Hearing } from '../../src/model/explore.ts'
import { eventsTakenBy, modelOf } from '../../src/model/load-chart.ts'

/*
 * Charts with one thing wrong each, and what is said of them.
 */

const LIMITS = { silenceMs: 20_000, carrierMs: 3_000, ledger: null }

/** What was found against this rule, as `where: why`. */
function found(rule: Checked['rule'], machine: AnyStateMachine, given: Partial<ChartModel> = {}): string[] {
  const model = { ...modelOf(machine, {}), guessesEvents: false, ...given }
  const checks = checkChart(model, LIMITS).checks
  return checks
    .filter((checked) => checked.rule === rule)
    .flatMap(({ findings }) => findings.map(({ where, why }) => `${where}: ${why}`))
}

const toTheEnd = (waiting: object) =>
  createMachine({
    id: 'a',
    initial: 'waiting',
    states: { waiting: { on: { done: 'end' }, ...waiting }, end: { type: 'final' } },
  })

describe('bounded time', () => {
  test.each([
    ['a delay of its own', { after: { 100: 'end' } }],
    ['a state that is left at once', { always: 'end' }],
    ['a second delay that is certain', { after: { 50: { guard: () => false, target: 'end' }, 100: 'end' } }],
  ])('holds with %s', (_, waiting) => {
    expect(found('bounded time', toTheEnd(waiting))).toEqual([])
  })

  test('holds with the delay of a state around it', () => {
    const machine = createMachine({
      id: 'a',
      initial: 'live',
      states: {
        live: { initial: 'inner', after: { 100: 'end' }, states: { inner: {} } },
        end: { type: 'final' },
      },
    })
    expect(found('bounded time', machine)).toEqual([])
  })

  test.each([
    ['no delay at all', {}, 'an actor may stay in it for ever when nobody says anything'],
    [
      'one with a guard',
      { after: { 100: { guard: 'maybe', target: 'end' } } },
      'its delay 100 does not leave it for certain: it is only taken when maybe',
    ],
    [
      'one without a target',
      { after: { 100: { actions: 'ring' } } },
      'its delay 100 does not leave it for certain: it has no target',
    ],
    [
      'one that begins anew',
      { after: { 100: 'waiting' } },
      'its delay 100 does not leave it for certain: it leads back to the same state',
    ],
  ])('does not hold with %s', (_, waiting, why) => {
    const machine = toTheEnd(waiting).provide({
      guards: { maybe: () => true },
      actions: { ring: () => {} },
    } as never)
    expect(found('bounded time', machine)).toEqual([`a.waiting: ${why}`])
  })
})

describe('what may last as long as the whole', () => {
  const machine = createMachine({
    id: 'a',
    initial: 'live',
    states: {
      live: {
        initial: 'waiting',
        after: { 9000: 'end' },
        states: { waiting: { on: { done: 'talking' }, after: { 100: 'talking' } }, talking: {}, parked: {} },
      },
      end: { type: 'final' },
    },
  })

  test('must be said to', () => {
    expect(found('bounded time', machine, { lasting: ['live.talking'] })).toEqual([
      'a.live.parked: nothing but 9000 of a.live ends it when nobody says anything, and that is how long all may last',
    ])
    expect(found('bounded time', machine, { lasting: ['live.talking', 'live.parked'] })).toEqual([])
  })

  test('must be there', () => {
    const lasting = ['live.talking', 'live.parked', 'live.praked']
    expect(found('bounded time', machine, { lasting })).toEqual([
      'live.praked: is said to last as long as the whole, and is no state in which time passes',
    ])
  })
})

describe('no failure', () => {
  const gate = (guards: Record<string, () => boolean>) =>
    createMachine(
      {
        id: 'a',
        initial: 'first',
        states: {
          first: { entry: 'ring', on: { go: { guard: 'isOpen', target: 'end' } } },
          end: { type: 'final' },
        },
      },
      { guards, actions: { ring: () => {} } },
    )

  test('names the guard that is not there, once', () => {
    expect(found('no failure', gate({ isClosed: () => true }))).toEqual([
      "a.first: names isOpen, which is not among the chart's guards",
    ])
  })

  test('is all that is said of a delay that is not there, by which a state is left at once', () => {
    const machine = toTheEnd({ after: { PATIENCE: 'end' } })
    expect(found('no failure', machine)).toEqual([
      "a.waiting: names PATIENCE, which is not among the chart's delays",
    ])
    expect(found('nothing dead', machine)).toEqual([])
    const { checks } = checkChart({ ...modelOf(machine, {}), guessesEvents: false }, LIMITS)
    expect(checks.find(({ rule }) => rule === 'nothing dead')).toMatchObject({ isSkipped: true })
  })

  test('tells where a guard throws', () => {
    const throwing = gate({
      isOpen: () => {
        throw new Error('no door.')
      },
    })
    expect(found('no failure', throwing)).toEqual([
      expect.stringMatching(/^first on go: the chart fails: .*no door$/),
    ])
  })
})

describe('end in reach', () => {
  test('says where nothing leads on', () => {
    const machine = createMachine({
      id: 'a',
      initial: 'first',
      states: {
        first: { on: { go: 'trap', done: 'end' }, after: { 10: 'end' } },
        trap: { on: { turn: 'round' } },
        round: { on: { turn: 'trap' } },
        end: { type: 'final' },
      },
    })
    expect(found('end in reach', machine)).toEqual([
      'trap: nothing that can happen from here leads to a final state',
      'round: nothing that can happen from here leads to a final state',
    ])
  })

  test('says where only words lead on, and time goes in a circle', () => {
    const machine = createMachine({
      id: 'a',
      initial: 'tick',
      states: {
        tick: { after: { 10: 'tock' }, on: { stop: 'end' } },
        tock: { after: { 10: 'tick' } },
        end: { type: 'final' },
      },
    })
    expect(found('end in reach', machine)).toEqual(
      ['tick', 'tock'].map(
        (state) =>
          `${state}: when nobody says anything more, its timers and those that follow never lead to a final state`,
      ),
    )
  })
})

describe('no event lost', () => {
  const machine = toTheEnd({
    after: { 10: 'end' },
    on: { done: 'end', knock: { guard: 'isOpen', target: 'end' } },
  }).provide({
    guards: { isOpen: () => false },
  } as never)
  const model = { ...modelOf(machine, {}), guessesEvents: false }
  const checked = (cells: Record<string, Record<string, string>>) =>
    checkChart(model, { ...LIMITS, ledger: { file: 'ledger.ts', cells } }).checks.find(
      ({ rule }) => rule === 'no event lost',
    )

  test('holds when what is ignored is written down', () => {
    expect(checked({ waiting: { knock: 'ignored', done: 'end' } })?.findings).toEqual([])
  })

  test('says what is ignored and not written down', () => {
    expect(checked({ waiting: { done: 'end' } })?.findings).toEqual([
      {
        where: 'waiting',
        why: 'ignores knock',
        mend: "handle it there, or write it down as 'ignored' in the row of waiting in ledger.ts",
      },
    ])
    expect(checked({})?.findings[0]?.why).toBe('is not in the ledger, and ignores knock')
  })

  test('says what is written down as ignored and is not', () => {
    expect(checked({ waiting: { knock: 'ignored', done: 'ignored' } })?.findings[0]?.why).toBe(
      'handles done, which the ledger calls ignored',
    )
  })
})

describe('nothing dead', () => {
  const machine = createMachine({
    id: 'a',
    initial: 'first',
    states: {
      first: { on: { go: [{ target: 'end' }, { target: 'second' }] }, after: { 10: 'end' } },
      second: { after: { 10: 'end' } },
      end: { type: 'final' },
    },
  })

  test('says which states are never entered and which transitions never taken', () => {
    expect(found('nothing dead', machine).map((line) => line.split(':')[0])).toEqual([
      'a.second',
      'a.first on go #2',
    ])
  })

  test('is not said of a chart whose events are guessed', () => {
    expect(found('nothing dead', machine, { guessesEvents: true })).toEqual([])
  })
})

describe('no silence', () => {
  const machine = createMachine({
    id: 'a',
    initial: 'music',
    states: {
      music: { on: { next: 'dialling' }, after: { 60000: 'end' } },
      dialling: { on: { next: 'ringing' }, after: { 15000: 'end' } },
      ringing: { on: { again: 'dialling', talk: 'talking' }, after: { 10000: 'end' } },
      talking: { after: { 60000: 'end' } },
      end: { type: 'final' },
    },
  })
  const heard = (silent: Record<string, Hearing>) => ({
    hears: ({ machines: { a } }: SystemSnapshot) => silent[String(a?.value)] ?? 'sound',
  })

  test('adds up what follows each other', () => {
    const once = machine.provide({})
    expect(found('no silence', once, heard({ dialling: 'nothing' }))).toEqual([])
    const dialling = heard({ dialling: 'nothing', ringing: 'nothing, until the carrier answers' })
    expect(found('no silence', once, dialling)[0]).toMatch(
      /^dialling: a caller may hear nothing for any time/,
    )
  })

  test('counts a carrier that is there for as long as it may take', () => {
    const straight = createMachine({
      id: 'a',
      initial: 'joining',
      states: {
        joining: { on: { joined: 'connecting' }, after: { 90000: 'end' } },
        connecting: { on: { ready: 'talking' }, after: { 18000: 'end' } },
        talking: { after: { 60000: 'end' } },
        end: { type: 'final' },
      },
    })
    const hears = heard({ joining: 'nothing, until the carrier answers', connecting: 'nothing' })
    expect(found('no silence', straight, hears)).toEqual([
      'joining: a caller may hear nothing for 21 s, more than 20 s: joining 3 s, connecting 18 s',
    ])
  })

  test('is nobody’s when nothing says what is heard', () => {
    const { checks } = checkChart(modelOf(machine, {}), LIMITS)
    expect(checks.find(({ rule }) => rule === 'no silence')).toMatchObject({ isSkipped: true, findings: [] })
  })
})

test('a chart that counts without end is not looked through for ever', () => {
  const counting = setup({ types: {} as { context: { n: number }; events: { type: 'more' } } }).createMachine(
    {
      id: 'a',
      context: { n: 0 },
      initial: 'counting',
      states: {
        counting: {
          on: { more: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
          after: { 10: 'end' },
        },
        end: { type: 'final' },
      },
    },
  )
  expect(() => checkChart(modelOf(counting, {}), LIMITS)).toThrow('The chart has more than 20000 states')
  const model = modelOf(counting, { identity: ({ value }) => JSON.stringify(value) })
  expect(checkChart(model, LIMITS).checks.flatMap(({ findings }) => findings)).toEqual([])
})

test('what nobody said of the world is taken from the chart', () => {
  const machine = toTheEnd({ after: { 10: 'end' }, on: { 'xstate.done.state.a': 'end', knock: 'end' } })
  expect(eventsTakenBy(machine)).toEqual([{ type: 'knock' }])
})

test('the report says of each question how it was answered', () => {
  const lines = reportLines(checkChart(modelOf(toTheEnd({}), {}), LIMITS))
  expect(lines[0]).toBe('Chart a: states 3, transitions 1, situations looked at 2.')
  expect(lines[1]).toMatch(/^FAIL {2}bounded time {3}a\.waiting: .*To mend: .*\.$/)
  expect(lines.at(-1)).toBe('2 things need mending.')
})
