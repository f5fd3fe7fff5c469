import { describe, expect, test } from 'vitest'
import { begin, type CallSnapshot, feed } from '../../src/model/call-model.ts'
import {
  type CallPath,
  coveringPaths,
  expectedOf,
  type PathStep,
  simpleCallPaths,
} from '../../src/model/call-paths.ts'
import { cellOf, isBesideTransfer } from '../../src/model/table-labels.ts'
import { CALL_ELEMENTS, elementsOfBeginning, elementsOfStep } from '../support/call-coverage.ts'
import { EVENT_COLUMNS } from './call-rows.ts'
import { CALL_TABLE } from './call-table.ts'

const ofTheChart = coveringPaths('chart')
const ofTheTable = coveringPaths('table')
const simple = simpleCallPaths()

/** Plays a path on the chart; what it comes by is told to `visit`. */
function play({ input, steps }: CallPath, visit: (from: CallSnapshot, step: PathStep) => void): CallSnapshot {
  return steps.reduce((snapshot, step) => {
    visit(snapshot, step)
    return feed(snapshot, eventOf(step)).snapshot
  }, begin(input).snapshot)
}

const eventOf = (step: PathStep) => (step.party === 'timer' ? { type: step.timer } : step.event)

test('the covering paths enter every state of the chart and take every transition', () => {
  for (const paths of [ofTheChart, ofTheTable]) {
    const covered = new Set<string>()
    for (const path of paths) {
      for (const element of elementsOfBeginning(path.input)) covered.add(element)
      play(path, (from, step) => {
        for (const element of elementsOfStep(from, eventOf(step))) covered.add(element)
      })
    }
    expect([...covered].sort()).toEqual([...CALL_ELEMENTS.states, ...CALL_ELEMENTS.transitions].sort())
  }
})

test('those of the table go through every cell that changes something, but for what is beside a transfer', () => {
  const gone = new Set<string>()
  for (const path of ofTheTable) play(path, (from, step) => gone.add(cellOf(from, eventOf(step))))
  expect([...gone].filter((cell) => !isBesideTransfer(cell)).sort()).toEqual(cellsThatChange().sort())
})

function cellsThatChange(): string[] {
  return Object.entries(CALL_TABLE).flatMap(([row, cells]) =>
    Object.entries(cells)
      .filter(
        ([column, cell]) =>
          cell !== 'ignored' && (/^[A-Z_]+$/.test(column) || EVENT_COLUMNS.includes(column as never)),
      )
      .map(([column]) => `${row}: ${column}`)
      .filter((cell) => !isBesideTransfer(cell)),
  )
}

describe.each([
  ['of the chart', ofTheChart, 45],
  ['of the table', ofTheTable, 130],
  ['without circles', simple, 150],
] as const)('the paths %s', (_, paths, limit) => {
  test('are few, have names of their own and are plain data', () => {
    expect(paths.length).toBeGreaterThan(0)
    expect(paths.length).toBeLessThanOrEqual(limit)
    expect(new Set(paths.map(({ name }) => name)).size).toBe(paths.length)
    expect(JSON.parse(JSON.stringify(paths))).toStrictEqual(paths)
  })

  test('lead where they say, step by step, each changing something', () => {
    for (const path of paths) {
      expect(expectedOf(begin(path.input).snapshot)).toEqual(path.begins)
      const end = play(path, (from, step) => {
        const { snapshot } = feed(from, eventOf(step))
        expect(snapshot, path.name).not.toBe(from)
        expect(expectedOf(snapshot), path.name).toEqual(step.expect)
      })
      expect(expectedOf(end), path.name).toEqual(path.expectState)
    }
  })
})

test('every party acts', () => {
  const parties = new Set(ofTheChart.flatMap(({ steps }) => steps.map(({ party }) => party)))
  expect([...parties].sort()).toEqual(['agent', 'carrier', 'node', 'operator', 'timer', 'voice'])
})
