import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FeedAnnouncer } from '../../src/persistence/feed-announcer.ts'
import { FeedListener, type FeedMessage } from '../../src/persistence/feed-listener.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { until } from '../support/until.ts'

const NODE = '01900000-0000-7000-8000-00000000000a'

let db: OpenTestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())

it('tells the last step of each call, of many calls with one statement', async () => {
  const heard: FeedMessage[] = []
  const log = pino({ level: 'silent' })
  const listener = new FeedListener({
    url: db.url,
    nodeId: NODE,
    kinds: ['call'],
    log,
    onGap: () => {},
    onMessage: (message) => heard.push(message),
  })
  await listener.start()
  let statements = 0
  const query = ((...args: Parameters<typeof db.callPool.query>) => {
    statements++
    return db.callPool.query(...args)
  }) as typeof db.callPool.query
  const announcer = new FeedAnnouncer({ pool: { query }, kind: 'call', nodeId: NODE, log })
  for (let seq = 1; seq <= 3; seq++)
    for (let call = 0; call < 200; call++) announcer.announce({ id: `call-${call}`, seq, state: 'hold' })
  await announcer.settled()
  await until('all is heard', () => heard.length === 200)
  expect(statements).toBe(1)
  expect(heard[7]).toEqual({ kind: 'call', id: 'call-7', seq: 3, state: 'hold', node: NODE })
  await listener.stop()
})

it('goes on when a statement fails, and says how much was lost', async () => {
  const warnings: object[] = []
  const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(JSON.parse(line)) })
  let isAway = true
  const sent: unknown[] = []
  const query = (async ({ values }: { values: unknown[] }) => {
    if (isAway) throw new Error('The database is away.')
    sent.push(values[0])
  }) as unknown as typeof db.callPool.query
  const announcer = new FeedAnnouncer({ pool: { query }, kind: 'call', nodeId: NODE, log })
  announcer.announce({ id: 'a', seq: 1, state: 'hold' })
  await announcer.settled()
  isAway = false
  announcer.announce({ id: 'b', seq: 1, state: 'hold' })
  await announcer.settled()
  expect(warnings).toMatchObject([{ calls: 1 }])
  expect(sent.flat()).toHaveLength(1)
})
