import { createServer } from 'node:http'
import pino from 'pino'
import type { CallView } from '../../machines/instructions.ts'
import { ActorFeed } from '../../src/actors/actor-feed.ts'
import { feedRoutes } from '../../src/http/calls/feed-routes.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import { FeedListener } from '../../src/persistence/feed-listener.ts'
import { createLiveCallQueries } from '../../src/persistence/live-calls.ts'
import { testApp } from '../support/test-app.ts'
import { answer, cpuMs } from './relay-child.ts'
import { startRelay } from './relay-parts.ts'

/* A node as it is in the service: the relay and the console's feed in one process, on one server. */

const [agents = '', databaseUrl = ''] = process.argv.slice(2)
const log = pino({ level: 'silent' })
const database = await openDatabase(databaseUrl, log)
const feed = new ActorFeed<CallView>({ read: async () => null, findAhead: async () => [] })
const listener = new FeedListener({
  url: databaseUrl,
  nodeId: 'bench',
  kinds: ['call'],
  log,
  onGap: () => {},
  onMessage: (message) => void feed.heard(message),
})
await listener.start()

const app = testApp({
  adminRoutes: feedRoutes({
    queries: createLiveCallQueries(database),
    follow: (follower) => feed.follow(({ id: callId }) => follower({ callId })),
  }),
})
const relay = startRelay(agents, createServer(app))

answer({ listen: () => relay, cpu: cpuMs })
