import type pg from 'pg'
import pino from 'pino'
import { CallHost } from '../../src/calls/call-host.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { openCallPool } from '../../src/persistence/database.ts'
import { FeedAnnouncer } from '../../src/persistence/feed-announcer.ts'
import { JobDispatcher } from '../../src/persistence/job-dispatcher.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { answer } from './relay-child.ts'

/* A node that does nothing but take calls: each begins, is joined to the agent and ends, and each step is a commit. */

const [databaseUrl = '', nodeId = ''] = process.argv.slice(2)
const HOUR_MS = 3_600_000
/** More than a node has connections, so that none of those is idle. */
const CALLERS_AT_ONCE = 16
const AS_MANY_AS_COME = 1_000_000

/** `notifying`: as if each step told its news itself, which is the reference. */
export type Work = { seconds: number; isNotifying: boolean; voices: number }

const log = pino({ level: 'silent' })
const pool = openCallPool(databaseUrl, log)
const announcer = new FeedAnnouncer({ pool, kind: 'call', nodeId, log })
const dispatcher = new JobDispatcher({ pool, log })

/** The pool as it is, but for statements that write a step. */
const notifyingPool = {
  query: (statement: { name: string; text: string; values: unknown[] }) => {
    const text = statement.text.replace(/ from written w$/, `, pg_notify('bench', w.id::text) from written w`)
    const name = text === statement.text ? statement.name : `${statement.name}-notifying`
    return pool.query({ ...statement, name, text })
  },
} as unknown as pg.Pool

const hostOn = (on: pg.Pool, isAnnounced: boolean) =>
  new CallHost({
    nodeId,
    clock: systemClock,
    log,
    isDraining: () => false,
    maxConcurrentCalls: AS_MANY_AS_COME,
    store: createCallStore(on),
    limits: {
      cloneMaxWaitMs: HOUR_MS,
      legPatienceMs: HOUR_MS,
      agentConnectMs: HOUR_MS,
      greetingOverdueMs: HOUR_MS,
      roundOverdueMs: HOUR_MS,
      agentRecoveryMs: HOUR_MS,
      agentPausesMs: [HOUR_MS],
      callMaxMs: HOUR_MS,
    },
    onStep({ row, step, seq }) {
      if (isAnnounced) announcer.announce({ id: row.id, seq, state: step.view.state })
      if (step.jobs.length > 0) dispatcher.dispatch()
    },
  })
const hosts = { quiet: hostOn(pool, true), notifying: hostOn(notifyingPool, false) }

let opened = 0

async function leadCall(host: CallHost, voices: number): Promise<void> {
  const number = ++opened
  const { row } = await host.open({
    provider: 'twilio',
    providerCallId: `CA${nodeId}.${number}`,
    direction: 'inbound',
    from: voices > 0 ? `+1${number % voices}` : '+49',
    to: '+15550109999',
    publicOrigin: 'https://bench.example',
  })
  const address = { callId: row.id }
  await host.send(address, { type: 'leg.instructionsRequested' })
  if (voices > 0) await host.send(address, { type: 'voice.ready', voiceId: `voice-${number}` })
  await host.send(address, { type: 'media.joined', bridgeNumber: 1, node: nodeId })
  await host.send(address, { type: 'agent.ready', bridgeNumber: 1, conversationId: `talk-${row.id}` })
  await host.send(address, { type: 'leg.ended', status: 'completed' })
}

/** Resolves with how many calls were led to their end. */
async function work({ seconds, isNotifying, voices }: Work): Promise<number> {
  const host = isNotifying ? hosts.notifying : hosts.quiet
  const until = performance.now() + seconds * 1000
  let done = 0
  const takeCalls = async () => {
    while (performance.now() < until) {
      await leadCall(host, voices)
      if (performance.now() < until) done++
    }
  }
  await Promise.all(Array.from({ length: CALLERS_AT_ONCE }, takeCalls))
  return done
}

answer({ work: (argument) => work(argument as Work) })
