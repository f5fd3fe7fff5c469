import { expect, test } from 'vitest'
import { type AnyStateMachine, createMachine } from 'xstate'
import { callMachine } from '../../machines/call/call.machine.ts'
import { voiceMachine } from '../../machines/call/voice.machine.ts'
import { callChart, callSystemWith } from '../../src/model/call-chart.ts'
import { LIMITS } from '../../src/model/call-model.ts'
import { checkChart } from '../../src/model/check-chart.ts'
import type { ChartModel } from '../../src/model/explore.ts'
import { CALL_TABLE, IGNORED_MESSAGES } from '../machines/call-table.ts'

/* What one machine of a call says to another is proved to be heard, or written down as ignored. */

const SLOW_MS = 60_000
const LEDGER = { file: 'the ledger', cells: CALL_TABLE, messages: IGNORED_MESSAGES }

function findingsWith(changed: AnyStateMachine, rule: string): string[] {
  const model = callChart(LIMITS, callSystemWith(changed)) as ChartModel
  const { checks } = checkChart(model, { silenceMs: 120_000, carrierMs: 3_000, ledger: LEDGER })
  return checks
    .filter((checked) => checked.rule === rule)
    .flatMap(({ findings }) => findings.map(({ where, why }) => `${where}: ${why}`))
}

/** The machine without what it does with a message in one of its states. */
function deafTo(machine: AnyStateMachine, state: string, message: string): AnyStateMachine {
  const { states, ...config } = machine.config as { states: Record<string, { on: object }> }
  const hearing = Object.entries(states[state]?.on ?? {}).filter(([type]) => type !== message)
  const deaf = { ...states[state], on: Object.fromEntries(hearing) }
  return createMachine({ ...config, states: { ...states, [state]: deaf } }, machine.implementations as never)
}

test('a message that a machine has no use for in some state is found', { timeout: SLOW_MS }, () => {
  expect(findingsWith(deafTo(callMachine, 'bridged', 'leg.streamsNoMore'), 'messages heard')).toContain(
    'call.bridged: is told leg.streamsNoMore by another machine, and does nothing with it',
  )
})

test('a machine that is asked and does not answer is found', { timeout: SLOW_MS }, () => {
  const silent = deafTo(voiceMachine, 'cloning', 'call.asksForVoice')
  expect(findingsWith(silent, 'messages heard')).toContain(
    'voice.cloning: is told call.asksForVoice by another machine, and does nothing with it',
  )
  expect(findingsWith(silent, 'no failure')).toContain(
    'polling while cloning: a machine rests where it waits for an answer in the same step, and nobody gave it',
  )
})

test('a message that is called ignored and is heard is found', { timeout: SLOW_MS }, () => {
  const ledger = { ...LEDGER, messages: { ...IGNORED_MESSAGES, 'leg.answered': ['call.bridge'] } }
  const { checks } = checkChart(callChart() as ChartModel, { silenceMs: 120_000, carrierMs: 3_000, ledger })
  expect(checks.flatMap(({ findings }) => findings)).toMatchObject([
    {
      where: 'leg.answered',
      why: 'never ignores call.bridge: it does something there, or is never said to it',
    },
  ])
})
