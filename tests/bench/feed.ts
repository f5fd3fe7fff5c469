import { createTestDatabase } from '../support/database.ts'
import { ADMIN_KEY } from '../support/test-app.ts'
import type { PagesResult } from './feed-pages.ts'
import { medianInterval, quantile, table } from './figures.ts'
import { serviceFlags } from './relay.ts'
import { Child } from './relay-child.ts'
import type { LoadResult } from './relay-load.ts'

/*
 * What the console's feed carries to twenty open pages, and what that costs live calls: the delay of the relay in the same
 * process, with the pages open and without. Everything else is in processes of its own.
 *
 * A machine that does other things is faster in one minute than in the next, by more than what is looked for here. So each
 * round has four short runs, without, with, with, without: what drifts falls on both sides alike. The two sides of a round
 * are compared with each other, and so are its two runs without pages, which tells how much of a difference is nobody's.
 */

/** A frame is 20 ms of speech: a hundredth and a twentieth of that are what nobody hears. */
export const FEED_GOALS = { p50Ms: 0.2, p99Ms: 1 } as const

const CALLER = '+15550100001'
/** The first seconds belong to the compiler. */
const WARM_UP_SECONDS = 5
/** More than any database takes. */
const AS_MANY_AS_GO = 1_000_000

export type FeedBenchOptions = {
  /** Calls on the feed, all of which change. */
  calls: number
  eventsPerSecond: number
  pages: number
  /** Calls whose audio is relayed beside. */
  spoken: number
  /** Of one run. */
  seconds: number
  rounds: number
}

type Run = { events: number; cpuMs: number; p50: number; p99: number; pages: PagesResult; seconds: number }
type Round = { without: [Run, Run]; with: [Run, Run] }

export async function benchFeed(postgresUrl: string, options: FeedBenchOptions): Promise<string> {
  const { calls, spoken, rounds, pages: count, seconds, eventsPerSecond } = options
  const db = await createTestDatabase(postgresUrl)
  const [load, events, pages] = [
    new Child('./relay-load.ts'),
    new Child('./feed-calls.ts', [db.url]),
    new Child('./feed-pages.ts'),
  ]
  const node = new Child('./feed-server.ts', [await load.ask<string>('listen'), db.url], serviceFlags())
  try {
    const url = await node.ask<string>('listen')
    await load.ask('open', { url, calls: spoken })
    // A voice that is for ever being cloned keeps its callers on hold, where each poll is an event.
    await db.query(
      `insert into caller_voice_mapping (caller_id, name, sample_key, consent_by, consent_at)
       values ($1, 'Bench', 'bench', 'Nobody', now())`,
      [CALLER],
    )
    await events.ask('open', { calls, from: CALLER })
    const run = runWith({ node, load, events, pages }, url)
    const feed = `${url.replace(/^ws/, 'http').replace(/\/media-stream\/$/, '')}/api/v1/feed`
    const withPages = async (measure: () => Promise<Run>): Promise<Run> => {
      await pages.ask('open', { url: feed, pages: count, key: ADMIN_KEY })
      const measured = await measure()
      await pages.ask('close')
      return measured
    }
    const usual = () => run(eventsPerSecond, seconds)
    await run(eventsPerSecond, WARM_UP_SECONDS)
    await withPages(() => run(eventsPerSecond, WARM_UP_SECONDS))
    const done: Round[] = []
    while (done.length < rounds) {
      const first = await usual()
      const open: [Run, Run] = [await withPages(usual), await withPages(usual)]
      done.push({ without: [first, await usual()], with: open })
    }
    const full = await withPages(() => run(AS_MANY_AS_GO, WARM_UP_SECONDS))
    return report(done, full, options)
  } finally {
    await Promise.all([load, events, pages, node].map((child) => child.stop()))
    await db.drop()
  }
}

type Children = Record<'node' | 'load' | 'events' | 'pages', Child>

const runWith =
  ({ node, load, events, pages }: Children, url: string) =>
  async (perSecond: number, seconds: number): Promise<Run> => {
    await pages.ask('reset')
    const before = await node.ask<number>('cpu')
    const [{ delaysMs }, polled] = await Promise.all([
      load.ask<LoadResult>('speak', { url, seconds }),
      events.ask<number>('poll', { perSecond, seconds }),
    ])
    const cpuMs = (await node.ask<number>('cpu')) - before
    const read = await pages.ask<PagesResult>('result')
    const [p50, p99] = [quantile(delaysMs, 0.5), quantile(delaysMs, 0.99)]
    return { events: polled, cpuMs, p50, p99, pages: read, seconds }
  }

function report(rounds: Round[], full: Run, { calls, pages, spoken, seconds }: FeedBenchOptions): string {
  const usual = rounds.flatMap((round) => round.with)
  return [
    `The console's feed: ${calls} live calls, ${pages} open pages, ${spoken} calls being talked on; ${rounds.length} rounds of four runs of ${seconds} s`,
    costTable(rounds, pages),
    carriedTable(usual, full, pages),
  ].join('\n')
}

function costTable(rounds: Round[], pages: number): string {
  const row = (name: string, of: (run: Run) => number, goal: string, digits = 3) => {
    const side = (which: keyof Round) => median(rounds.flatMap((round) => round[which].map(of)))
    const cost = medianInterval(rounds.map((round) => mean(round.with.map(of)) - mean(round.without.map(of))))
    const noise = rounds.map(({ without: [a, b] }) => Math.abs(of(a) - of(b)))
    const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(digits)}`
    return [
      name,
      side('without').toFixed(digits),
      side('with').toFixed(digits),
      signed(cost.median),
      `${signed(cost.low)} … ${signed(cost.high)}`,
      median(noise).toFixed(digits),
      goal,
    ]
  }
  const { p50Ms, p99Ms } = FEED_GOALS
  return table(
    ['', 'no page', `${pages} pages`, 'difference', 'within (95 %)', 'two runs alike', 'goal'],
    [
      row('relay delay p50, ms', ({ p50 }) => p50, `< +${p50Ms}`),
      row('relay delay p99, ms', ({ p99 }) => p99, `< +${p99Ms}`),
      row('process, cpu ms/s', ({ cpuMs, seconds }) => cpuMs / seconds, '', 0),
      row('events committed, 1/s', ({ events, seconds }) => events / seconds, '', 0),
    ],
  )
}

function carriedTable(usual: Run[], full: Run, pages: number): string {
  const lags = usual.flatMap((run) => run.pages.lagsMs)
  const row = (name: string, of: (run: Run) => number) => [
    name,
    median(usual.map((run) => of(run) / run.seconds)).toFixed(0),
    (of(full) / full.seconds).toFixed(0),
  ]
  const lag = (share: number) => [
    `from commit to page p${share * 100}, ms`,
    quantile(lags, share).toFixed(0),
    quantile(full.pages.lagsMs, share).toFixed(0),
  ]
  return table(
    [`carried to ${pages} pages`, 'as above', 'all that the database takes'],
    [
      row('events committed, 1/s', ({ events }) => events),
      row('changes of calls told to each page, 1/s', (run) => run.pages.changes),
      row('changes of calls told in all, 1/s', (run) => run.pages.changes * pages),
      row('frames in all, 1/s', (run) => run.pages.frames),
      row('kB/s in all', (run) => run.pages.bytes / 1000),
      lag(0.5),
      lag(0.99),
    ],
  )
}

const median = (values: number[]) => quantile(values, 0.5)
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
