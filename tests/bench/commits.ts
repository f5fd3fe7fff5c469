import { v7 as uuidv7 } from 'uuid'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import type { Work } from './commits-node.ts'
import { quantile, table } from './figures.ts'
import { Child } from './relay-child.ts'

/*
 * Calls a second where a commit takes its time, as on cloud disks and with a standby that confirms: PostgreSQL itself is made
 * to wait that long before it flushes (`commit_delay`, with commits that come meanwhile in the same flush, as disks do it).
 * The reference is the same run with steps that notify in their own transaction: those commit one at a time.
 *
 * Whether two nodes carry twice what one does is asked where commits are so slow that the processors of this machine, which all
 * of them share with the database, do not decide it.
 */

export const COMMIT_GOALS = { overReference: 2, secondNode: 1.7 } as const

const USUAL_MS = 3
const SLOW_MS = 20
const WARM_UP_SECONDS = 2
/** Of as many callers a voice is to be cloned. */
const VOICES = 500

type Options = { seconds: number; rounds: number }
/** `voices`: each caller's voice has to be cloned, and so two of the six steps ask for a job. */
type Load = { commitMs: number; nodes: 1 | 2; isNotifying?: boolean; voices?: number }

export async function benchCommits(postgresUrl: string, options: Options): Promise<[string, boolean]> {
  const loads = {
    fast: { commitMs: 0, nodes: 1 },
    usual: { commitMs: USUAL_MS, nodes: 1 },
    usualNotifying: { commitMs: USUAL_MS, nodes: 1, isNotifying: true },
    usualVoices: { commitMs: USUAL_MS, nodes: 1, voices: VOICES },
    slowOne: { commitMs: SLOW_MS, nodes: 1 },
    slowTwo: { commitMs: SLOW_MS, nodes: 2 },
    slowTwoNotifying: { commitMs: SLOW_MS, nodes: 2, isNotifying: true },
  } satisfies Record<string, Load>
  const names = Object.keys(loads) as (keyof typeof loads)[]
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    keyof typeof loads,
    number[]
  >
  const db = await createTestDatabase(postgresUrl)
  const nodes = [0, 1].map(() => new Child('./commits-node.ts', [db.url, uuidv7()]))
  try {
    await giveVoices(db)
    for (let round = 0; round < options.rounds; round++)
      for (const name of names) rates[name].push(await run(db, nodes, loads[name], options.seconds))
  } finally {
    await delayCommits(db, 0)
    await Promise.all(nodes.map((node) => node.stop()))
    await db.drop()
  }
  return report((name) => quantile(rates[name as keyof typeof loads], 0.5), options)
}

async function run(db: TestDatabase, nodes: Child[], load: Load, seconds: number): Promise<number> {
  await db.query('truncate call_log, voice_clone_log cascade')
  await db.query('delete from graphile_worker._private_jobs')
  await delayCommits(db, load.commitMs)
  const { isNotifying = false, voices = 0 } = load
  const atWork = (forSeconds: number) => {
    const work: Work = { seconds: forSeconds, isNotifying, voices }
    return Promise.all(nodes.slice(0, load.nodes).map((node) => node.ask<number>('work', work)))
  }
  await atWork(WARM_UP_SECONDS)
  const done = await atWork(seconds)
  return done.reduce((sum, calls) => sum + calls, 0) / seconds
}

/** For all connections, within moments. */
async function delayCommits({ query }: TestDatabase, ms: number): Promise<void> {
  await query(`alter system set commit_delay = ${ms * 1000}`)
  await query('alter system set commit_siblings = 0')
  await query('select pg_reload_conf()')
}

async function giveVoices({ query }: TestDatabase): Promise<void> {
  await query(
    `insert into caller_voice_mapping (caller_id, name, sample_key, consent_by, consent_at)
     select '+1' || i, 'Bench', 'sample-' || i, 'Nobody', now() from generate_series(0, $1::int - 1) i`,
    [VOICES],
  )
}

function report(rate: (name: string) => number, { seconds, rounds }: Options): [string, boolean] {
  const over = rate('usual') / rate('usualNotifying')
  const second = rate('slowTwo') / rate('slowOne')
  const row = (commits: string, nodes: number, name: string, notifying?: string) => [
    `${commits}, ${nodes === 1 ? 'one node' : 'two nodes'}`,
    rate(name).toFixed(0),
    notifying ? rate(notifying).toFixed(0) : '',
  ]
  const held = (isHeld: boolean) => (isHeld ? 'held' : 'MISSED')
  const { overReference, secondNode } = COMMIT_GOALS
  const [isOver, isDouble] = [over >= overReference, second >= secondNode]
  const text = [
    `Calls a second from ringing to their end, five commits each, medians of ${rounds} rounds of ${seconds} s`,
    table(
      ['commits of', 'calls/s', 'if steps notified'],
      [
        row('this disk', 1, 'fast'),
        row(`${USUAL_MS} ms`, 1, 'usual', 'usualNotifying'),
        row(`${USUAL_MS} ms, with a voice to clone (six commits, two jobs)`, 1, 'usualVoices'),
        row(`${SLOW_MS} ms`, 1, 'slowOne'),
        row(`${SLOW_MS} ms`, 2, 'slowTwo', 'slowTwoNotifying'),
      ],
    ),
    `goal: commits of ${USUAL_MS} ms: >= ${overReference} times the calls of steps that notify: ${over.toFixed(1)}: ${held(isOver)}`,
    `goal: two nodes >= ${secondNode} times the calls of one: ${second.toFixed(2)}: ${held(isDouble)}`,
  ].join('\n')
  return [text, isOver && isDouble]
}
