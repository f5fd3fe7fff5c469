import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import { isKnownState } from '../../machines/instructions.ts'
import { stepCall } from '../../src/calls/step.ts'
import { readCallFile } from '../../src/replay/call-file.ts'
import type { RecordedCall, RecordedEvent } from '../../src/replay/recorded-call.ts'
import { replay } from '../../src/replay/replay.ts'

/*
 * Calls that a running service wrote down, over both carriers, by each version of the chart: whatever the chart becomes,
 * those that live go on, and those that are over are replayed. A new version is recorded by
 * `RECORD_CALLS_INTO=tests/machines/recorded/VERSION npx vitest run tests/generated`.
 */

const FOLDER = fileURLToPath(new URL('./recorded/', import.meta.url))

const recordings = readdirSync(FOLDER).flatMap((version) =>
  readdirSync(join(FOLDER, version)).map((file) => {
    const call = readCallFile(readFileSync(join(FOLDER, version, file), 'utf8'))
    return [`${version}/${file}`, call] as const
  }),
)

/** The state of a call in which every later event still has to come. */
function rowAfter({ id }: RecordedCall, { seq, snapshot, chartVersion }: RecordedEvent) {
  if (!snapshot || !chartVersion) throw new Error(`Event ${seq} was kept without its snapshot.`)
  return { id, snapshot, chartVersion, lastSeq: seq, endedAt: null }
}

/** The versions whose calls the chart of today leads just as they were led; a version that it leads otherwise is taken out. */
const LED_ALIKE = ['2', '3', '4']

describe.each(recordings)('%s', (_, call) => {
  const [version = ''] = call.chartVersion.split('.')

  it('is replayed to its end', () => {
    const { steps } = replay(call)
    expect(steps).toHaveLength(call.events.length)
    // Whoever played the paths let timers run out when it was their turn.
    const differences = steps.flatMap((step) => step.differences).filter(({ what }) => what !== 'timer')
    if (LED_ALIKE.includes(version)) expect(differences).toEqual([])
  })

  it('goes on from each of its steps', () => {
    const [, ...later] = call.events
    for (const [index, { event, stateAfter }] of later.entries()) {
      const step = stepCall(rowAfter(call, call.events[index] as RecordedEvent), event as CallEvent)
      const what = `after event ${index + 1}`
      if (LED_ALIKE.includes(version) || stateAfter === 'ended')
        expect(step?.stateAfter, what).toBe(stateAfter)
      else expect(step && isKnownState(step.view.state), what).toBe(true)
    }
  })
})

it('each state that a carrier can see is among them', () => {
  const states = new Set(recordings.flatMap(([, { events }]) => events.map(({ stateAfter }) => stateAfter)))
  expect([...states].sort()).toMatchInlineSnapshot(`
    [
      "bridged.backingOff",
      "bridged.connecting",
      "bridged.reconnecting",
      "bridged.talking",
      "closing",
      "departing",
      "ended",
      "failed",
      "greeting",
      "hold",
      "joining",
      "rejected",
      "rejoining",
    ]
  `)
})

it('a call that was put through to somebody else is among them, and the replay says to whom', () => {
  const put = recordings.map(([, call]) => call).filter(({ events }) => isPutThrough(events))
  expect(put).not.toEqual([])
  for (const call of put) {
    const requested = call.events.find(({ event }) => event.type === 'transfer.requested')
    const { transferTo, transferOutcome } = replay(call).steps.at(-1)?.reproduced.context ?? {}
    expect({ transferTo, transferOutcome }).toEqual({
      transferTo: requested?.event.to,
      transferOutcome: 'completed',
    })
  }
})

const isPutThrough = (events: readonly RecordedEvent[]) =>
  events.some(({ event }) => event.type === 'transfer.completed')
