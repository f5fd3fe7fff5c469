import { createTestDatabase } from '../support/database.ts'
import { ADMIN_KEY } from '../support/test-app.ts'
import type { PagesResult } from './feed-pages.ts'
import { quantile, table } from './figures.ts'
import { Child } from './relay-child.ts'
import type { LoadResult } from './relay-load.ts'

/*
 * What the console's feed carries to twenty open pages, and what that costs live calls: the delay of the relay in the same
 * process, with the pages open and without, in turn. Everything else is in processes of its own.
 */

export const FEED_GOALS = { p50Ratio: 1.25 } as const

const CALLER = '+15550100001'

export type FeedBenchOptions = {
  /** Calls on the feed, all of which change. */
  calls: number
  eventsPerSecond: number
  pages: number
  /** Calls whose audio is relayed beside. */
  spoken: number
  seconds: number
  rounds: number
}

type Run = { events: number; cpuMs: number; delaysMs: number[]; pages: PagesResult }
type Runs = Record<'without' | 'with', Run[]>

export async function benchFeed(postgresUrl: string, options: FeedBenchOptions): Promise<string> {
  const { calls, spoken, rounds, pages: count } = options
  const db = await createTestDatabase(postgresUrl)
  const [load, events, pages] = [
    new Child('./relay-load.ts'),
    new Child('./feed-calls.ts', [db.url]),
    new Child('./feed-pages.ts'),
  ]
  const node = new Child('./feed-server.ts', [await load.ask<string>('listen'), db.url])
  const measure = measureWith({ node, load, events, pages }, options)
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
    const feed = `${url.replace(/^ws/, 'http').replace(/\/media-stream\/$/, '')}/api/v1/feed`
    const runs: Runs = { without: [], with: [] }
    await measure(url)
    for (let round = 0; round < rounds; round++) {
      runs.without.push(await measure(url))
      await pages.ask('open', { url: feed, pages: count, key: ADMIN_KEY })
      runs.with.push(await measure(url))
      await pages.ask('close')
    }
    return report(runs, options)
  } finally {
    await Promise.all([load, events, pages, node].map((child) => child.stop()))
    await db.drop()
  }
}

type Children = Record<'node' | 'load' | 'events' | 'pages', Child>

const measureWith =
  ({ node, load, events, pages }: Children, { eventsPerSecond, seconds }: FeedBenchOptions) =>
  async (url: string): Promise<Run> => {
    await pages.ask('reset')
    const before = await node.ask<number>('cpu')
    const [{ delaysMs }, polled] = await Promise.all([
      load.ask<LoadResult>('speak', { url, seconds }),
      events.ask<number>('poll', { perSecond: eventsPerSecond, seconds }),
    ])
    const cpuMs = (await node.ask<number>('cpu')) - before
    return { events: polled, cpuMs, delaysMs, pages: await pages.ask<PagesResult>('result') }
  }

function report(runs: Runs, { calls, pages, spoken, seconds }: FeedBenchOptions): string {
  const delay = (side: keyof Runs, share: number) =>
    median(runs[side].map((run) => quantile(run.delaysMs, share)))
  const ratio = (share: number) => (delay('with', share) / delay('without', share)).toFixed(2)
  const each = (side: keyof Runs, of: (run: Run) => number) =>
    (median(runs[side].map(of)) / seconds).toFixed(0)
  const lags = runs.with.flatMap((run) => run.pages.lagsMs)
  const row = (name: string, share: number, goal: string) => [
    name,
    delay('with', share).toFixed(2),
    delay('without', share).toFixed(2),
    ratio(share),
    goal,
  ]
  return [
    `The console's feed: ${calls} live calls, ${pages} open pages, ${spoken} calls being talked on`,
    table(
      ['', `${pages} pages`, 'no page', 'ratio', 'goal'],
      [
        [
          'events committed, 1/s',
          each('with', (run) => run.events),
          each('without', (run) => run.events),
          '',
          '',
        ],
        row('relay delay p50, ms', 0.5, `<= ${FEED_GOALS.p50Ratio}`),
        row('relay delay p99, ms', 0.99, ''),
        ['process, cpu ms/s', each('with', (run) => run.cpuMs), each('without', (run) => run.cpuMs), '', ''],
      ],
    ),
    table(
      ['carried to the pages', 'all', 'each'],
      [
        [
          'changes of calls, 1/s',
          each('with', (run) => run.pages.changes),
          each('with', (run) => run.pages.changes / pages),
        ],
        [
          'frames, 1/s',
          each('with', (run) => run.pages.frames),
          each('with', (run) => run.pages.frames / pages),
        ],
        [
          'kB/s',
          each('with', (run) => run.pages.bytes / 1000),
          each('with', (run) => run.pages.bytes / 1000 / pages),
        ],
        ['from commit to page p50, ms', '', quantile(lags, 0.5).toFixed(0)],
        ['from commit to page p99, ms', '', quantile(lags, 0.99).toFixed(0)],
      ],
    ),
  ].join('\n')
}

const median = (values: number[]) => quantile(values, 0.5)
