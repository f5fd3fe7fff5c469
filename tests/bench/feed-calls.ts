import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { CallHost } from '../../src/calls/call-host.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { openCallPool } from '../../src/persistence/database.ts'
import { FeedAnnouncer } from '../../src/persistence/feed-announcer.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { answer } from './relay-child.ts'

/* Another node: calls on hold that poll, each poll an event that is committed and announced to all nodes. */

const [databaseUrl = ''] = process.argv.slice(2)
const HOUR_MS = 3_600_000
const NODE = '01900000-0000-7000-8000-000000000001'
/** More at once only wait for each other in the database. */
const AT_ONCE = 8

const log = pino({ level: 'silent' })
const pool = openCallPool(databaseUrl, log)
const announcer = new FeedAnnouncer({ pool, kind: 'call', nodeId: NODE, log })
const host = new CallHost({
  nodeId: NODE,
  clock: systemClock,
  log,
  isDraining: () => false,
  maxConcurrentCalls: 1_000_000,
  store: createCallStore(pool),
  onStep: ({ row, step, seq }) => announcer.announce({ id: row.id, seq, state: step.view.state }),
  limits: {
    cloneMaxWaitMs: HOUR_MS,
    legPatienceMs: HOUR_MS,
    agentConnectMs: HOUR_MS,
    callMaxMs: HOUR_MS,
    greetingOverdueMs: HOUR_MS,
    roundOverdueMs: HOUR_MS,
    agentRecoveryMs: HOUR_MS,
    agentPausesMs: [HOUR_MS],
  },
})
const callIds: string[] = []

async function open({ calls, from }: { calls: number; from: string }): Promise<void> {
  while (callIds.length < calls) {
    const { row } = await host.open({
      provider: 'twilio',
      providerCallId: `CA${callIds.length}`,
      direction: 'inbound',
      from,
      to: '+15550109999',
      publicOrigin: 'https://bench.example',
    })
    callIds.push(row.id)
  }
}

/** As many events a second as asked for, or as the database takes; resolves with how many there were. */
async function poll({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<number> {
  const began = performance.now()
  let begun = 0
  let done = 0
  const worker = async () => {
    while (performance.now() < began + seconds * 1000) {
      const due = began + (begun * 1000) / perSecond
      const callId = callIds[begun++ % callIds.length] as string
      await sleep(Math.max(0, due - performance.now()))
      const said = await host.send({ callId }, { type: 'leg.instructionsRequested' })
      if (said?.handled) done++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return done
}

answer({
  open: (argument) => open(argument as Parameters<typeof open>[0]),
  poll: (argument) => poll(argument as Parameters<typeof poll>[0]),
})
