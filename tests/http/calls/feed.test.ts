import { get, type IncomingMessage } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { feedRoutes } from '../../../src/http/calls/feed-routes.ts'
import type { LiveCall } from '../../../src/persistence/live-calls.ts'
import { until } from '../../support/until.ts'
import { asAdmin, serve, testApp } from '../serve.ts'

/** Calls as the database has them, and the news of them. */
class Calls {
  readonly all = new Map<string, LiveCall>()
  /** Who calls; a long name makes frames that no socket's buffer holds. */
  from = '+15550100001'
  reads = 0
  readonly #followers = new Set<(change: { callId: string }) => void>()

  readonly queries = {
    live: async () => {
      this.reads++
      return [...this.all.values()].filter(({ endedAt }) => !endedAt)
    },
    these: async (ids: readonly string[]) => {
      this.reads++
      return ids.flatMap((id) => this.all.get(id) ?? [])
    },
  }

  readonly follow = (follower: (change: { callId: string }) => void) => {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  get followers(): number {
    return this.#followers.size
  }

  set(id: string, state: string): void {
    const at = new Date()
    const seq = (this.all.get(id)?.seq ?? 0) + 1
    this.all.set(id, {
      id,
      state,
      seq,
      at,
      provider: 'twilio',
      direction: 'inbound',
      from: this.from,
      to: '+15550109999',
      bridge: null,
      voice: 'default',
      value: { live: { leg: state } },
      event: 'leg.instructionsRequested',
      startedAt: at,
      endedAt: state === 'ended' ? at : null,
      outcome: state === 'ended' ? 'caller_hung_up' : null,
    })
    for (const follower of this.#followers) follower({ callId: id })
  }
}

type Frame = { id: string; event: string; calls: LiveCall[] }

/** A page that reads the feed, and can stop reading without going away. */
class Page {
  readonly frames: Frame[] = []
  readonly #response: IncomingMessage
  readonly #leave: () => void
  #rest = ''

  static async open(url: string, lastEventId?: string): Promise<Page> {
    const headers = { ...asAdmin, ...(lastEventId && { 'last-event-id': lastEventId }) }
    return new Promise((resolve) => {
      const request = get(`${url}/api/v1/feed`, { headers }, (response) => {
        const page = new Page(response, () => request.destroy())
        onTestFinished(() => page.close())
        resolve(page)
      })
    })
  }

  private constructor(response: IncomingMessage, leave: () => void) {
    this.#response = response
    this.#leave = leave
    response.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    response.on('error', () => {})
  }

  sleep(): void {
    this.#response.pause()
  }

  wake(): void {
    this.#response.resume()
  }

  close(): void {
    this.#leave()
  }

  /** What the page knows of each call by now. */
  get states(): Record<string, string> {
    const states: Record<string, string> = {}
    for (const { event, calls } of this.frames) {
      if (event === 'snapshot') for (const id of Object.keys(states)) delete states[id]
      for (const { id, state } of calls) states[id] = state
    }
    return states
  }

  async knows(states: Record<string, string>): Promise<void> {
    const asEntries = (of: Record<string, string>) => JSON.stringify(Object.entries(of).sort())
    await until(
      `the page knows ${asEntries(states).slice(0, 200)}`,
      () => asEntries(this.states) === asEntries(states),
      () => asEntries(this.states).slice(0, 200),
    )
  }

  #read(text: string): void {
    const [...parts] = (this.#rest + text).split('\n\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2)))
      if (fields.event === 'beat') continue
      this.frames.push({ id: fields.id, event: fields.event, calls: JSON.parse(fields.data) })
    }
  }
}

const start = async (calls: Calls) => serve(testApp({ adminRoutes: feedRoutes(calls) }))

it('begins with all live calls, and goes on with those that change', async () => {
  const calls = new Calls()
  calls.set('a', 'hold')
  calls.set('b', 'ended')
  const page = await Page.open(await start(calls))
  await page.knows({ a: 'hold' })
  calls.set('c', 'greeting')
  await page.knows({ a: 'hold', c: 'greeting' })
  calls.set('a', 'ended')
  await page.knows({ a: 'ended', c: 'greeting' })
  expect(page.frames.map(({ event }) => event)).toEqual(['snapshot', 'changes', 'changes'])
})

it('reads a call once a frame, however often it changes, and for all pages together', async () => {
  const calls = new Calls()
  const url = await start(calls)
  const pages = await Promise.all([1, 2, 3, 4, 5].map(() => Page.open(url)))
  await Promise.all(pages.map((page) => page.knows({})))
  const before = calls.reads
  for (let i = 0; i < 200; i++) calls.set('a', `state-${i}`)
  await Promise.all(pages.map((page) => page.knows({ a: 'state-199' })))
  expect(calls.reads - before).toBeLessThanOrEqual(2)
})

it('goes on where a page was that comes back, and gives a fresh picture to one that was away too long', async () => {
  const calls = new Calls()
  calls.set('a', 'hold')
  const url = await start(calls)
  const stays = await Page.open(url)
  const leaves = await Page.open(url)
  await leaves.knows({ a: 'hold' })
  const seen = leaves.frames.at(-1)?.id
  leaves.close()
  calls.set('a', 'ended')
  calls.set('b', 'greeting')
  await stays.knows({ a: 'ended', b: 'greeting' })
  const back = await Page.open(url, seen)
  await back.knows({ a: 'ended', b: 'greeting' })
  expect(back.frames[0]?.event).toBe('changes')
  const stranger = await Page.open(url, 'of-another-node.7')
  await stranger.knows({ b: 'greeting' })
  expect(stranger.frames[0]?.event).toBe('snapshot')
})

it('keeps nothing for a page that does not read, and tells it the latest when it does', async () => {
  const calls = new Calls()
  calls.from = 'x'.repeat(20_000)
  const url = await start(calls)
  const [slow, quick] = [await Page.open(url), await Page.open(url)]
  await slow.knows({})
  slow.sleep()
  const ids = Array.from({ length: 100 }, (_, index) => `call-${String(index).padStart(4, '0')}`)
  const last = (round: number) => Object.fromEntries(ids.map((id) => [id, `state-${round}`]))
  for (let round = 0; round < 12; round++) {
    for (const id of ids) calls.set(id, `state-${round}`)
    await quick.knows(last(round))
  }
  slow.wake()
  await slow.knows(last(11))
  expect(slow.frames.length).toBeLessThan(quick.frames.length)
})

it('asks nothing of the database when nobody looks', async () => {
  const calls = new Calls()
  const page = await Page.open(await start(calls))
  await page.knows({})
  expect(calls.followers).toBe(1)
  page.close()
  await until('nobody follows the calls', () => calls.followers === 0)
  const { reads } = calls
  calls.set('a', 'hold')
  expect(calls.reads).toBe(reads)
})

it('needs the key', async () => {
  expect((await fetch(`${await start(new Calls())}/api/v1/feed`)).status).toBe(401)
})
