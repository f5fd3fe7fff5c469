import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CallPath, coveringPaths } from '../../src/model/call-paths.ts'
import { CARRIERS, ELSEWHERE } from './carriers.ts'
import { keepCoverage } from './keep-coverage.ts'
import { keepRecordings } from './keep-recordings.ts'
import { playPath, type Route } from './play-path.ts'
import { Stage } from './stage.ts'
import { type Played, reportOf, walkedIn } from './walked.ts'

/*
 * Every path of the statechart on the running service. Nothing is said to a call behind its back: the carrier, the agent,
 * the voice vendor and the operator each use their own protocol, and a timer's due time is moved in the database.
 */

/** Twilio has no REFER: nobody can be put in a caller's place. */
const NEVER_OVER_TWILIO = [
  'transfer.calling',
  'transfer on transfer.refused #1',
  'transfer.idle on transfer.requested #1',
  'transfer.calling on transfer.completed #1',
  'transfer.calling on transfer.failed #1',
  'transfer.calling on leg.closes #1',
  'transfer.calling on xstate.after.TRANSFER_RINGING.transfer.calling #1',
]
const isOfTransfers = (cell: string) => /transferring: |: transfer\./.test(cell)

const { canHear } = CARRIERS.twilio
const ofTheChart = coveringPaths('chart', canHear)
const names = new Set(ofTheChart.map(({ name }) => name))
const ofTheTable = coveringPaths('table', canHear).filter(({ name }) => !names.has(name))

const played: Played[] = []
let stage: Stage

beforeAll(async () => {
  stage = await Stage.set('twilio')
})
afterAll(() => stage.strike())

describe.concurrent.each([
  ['one node', ofTheChart],
  ['every node in turn', ofTheTable],
] as const satisfies [Route, CallPath[]][])('over Twilio, at %s', (route, paths) => {
  test.each(paths.map((path) => [path.name, path] as const))('%s', async (_, path) => {
    const events = await playPath(path, { stage, route })
    played.push({ path, events })
  })
})

describe('what the service wrote down of it', () => {
  test('is every state and every transition of the chart, and every cell of its table', async () => {
    await keepCoverage('twilio', played, NEVER_OVER_TWILIO)
    await keepRecordings('twilio', stage.world)
    const { missed, ...walked } = walkedIn(played)
    process.stdout.write(reportOf(walked, played))
    const elsewhere = (each: string) => ELSEWHERE.some((type) => each.includes(type))
    const ofNobody = (each: string) =>
      /^bridged\.backingOff: agent\.|^(greeting|hold|greeting while cloning|hold while cloning|closing while cloning): leg\.instructionsRequested, leaving/.test(
        each,
      )
    const left = missed.filter((each) => !elsewhere(each) && !ofNobody(each) && !isOfTransfers(each))
    expect(left.sort()).toEqual(NEVER_OVER_TWILIO.toSorted())
  })
})
