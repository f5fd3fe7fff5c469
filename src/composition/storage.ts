import { join } from 'node:path'
import type { Logger } from 'pino'
import { DEFAULT_AGENT } from '../calls/agent-settings.ts'
import type { BridgeRegister } from '../calls/bridge-keeper.ts'
import type { CallStore } from '../calls/store.ts'
import { type AgentAudioStore, createAgentAudioStore } from '../persistence/agent-audio-store.ts'
import { type AgentStore, createAgentStore } from '../persistence/agent-store.ts'
import { type AssetStore, createAssetStore } from '../persistence/asset-store.ts'
import { type AuditLog, createAuditLog } from '../persistence/audit-log.ts'
import { createBridgeStore } from '../persistence/bridge-store.ts'
import { type CallQueries, createCallQueries } from '../persistence/call-queries.ts'
import { createCallStore } from '../persistence/call-store.ts'
import { settleTls } from '../persistence/connect.ts'
import { type ConversationStore, createConversationStore } from '../persistence/conversation-store.ts'
import { type Database, migrateAll, openCallPool, openDatabase } from '../persistence/database.ts'
import { factsOf, faultLine, faultsOf, plainTextFault } from '../persistence/database-fitness.ts'
import { databaseSockets } from '../persistence/database-sockets.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../persistence/embedded-postgres.ts'
import { watchEmbedded } from '../persistence/embedded-watch.ts'
import { createEndedSessionStore, type EndedSessionStore } from '../persistence/ended-session-store.ts'
import { FeedAnnouncer } from '../persistence/feed-announcer.ts'
import { JobDispatcher } from '../persistence/job-dispatcher.ts'
import { createKnownCharts, type KnownCharts } from '../persistence/known-charts.ts'
import { createLiveCallQueries, type LiveCallQueries } from '../persistence/live-calls.ts'
import { createPhoneLinkStore, type PhoneLinkStore } from '../persistence/phone-link-store.ts'
import { createTrunkStore, type TrunkStore } from '../persistence/trunk-store.ts'
import { createVoiceQueries, type VoiceQueries } from '../persistence/voice-queries.ts'
import { createVoiceStore } from '../persistence/voice-store.ts'
import { withTimeout } from '../runtime/with-timeout.ts'
import type { VoiceStore } from '../voices/ports.ts'
import { migrateApart } from './migrate-apart.ts'
import { UnusableDatabase } from './unusable-database.ts'

/** An idle connection is closed at once; a statement into a network that broke without a word is never answered. */
const CLOSING_MS = 5_000

export type Storage = {
  url: string
  database: Database
  calls: CallStore
  bridges: BridgeRegister
  charts: KnownCharts
  queries: CallQueries
  live: LiveCallQueries
  audit: AuditLog
  endedSessions: EndedSessionStore
  phoneLinks: PhoneLinkStore
  voices: VoiceStore
  voiceQueries: VoiceQueries
  agents: AgentStore
  trunks: TrunkStore
  agentAudio: AgentAudioStore
  conversations: ConversationStore
  assets: AssetStore
  /** What tells the other nodes of the steps of this one. */
  announcer: (kind: string, nodeId: string) => FeedAnnouncer
  /** What hands the jobs of steps to the queue. */
  dispatcher: () => JobDispatcher
  /** Closes the connections and, when nobody else uses it, the embedded server. */
  close(): Promise<void>
}

/**
 * Opens the database of the settings, or the embedded one, brings its tables up to date, and puts the stores on it.
 * `migrationUrl` is the same database as a role that may change tables, where ours may not.
 */
export async function openStorage(
  configured: string | null,
  dataDir: string,
  log: Logger,
  migrationUrl: string | null = null,
): Promise<Storage> {
  const embedded = configured === null ? await startEmbeddedPostgres(join(dataDir, 'postgres')) : null
  if (embedded !== null) {
    return storageOn(embedded.url, log, embedded).catch(async (error: unknown) => {
      await embedded.stop()
      throw error
    })
  }
  try {
    if (configured !== null && migrationUrl !== null) await migrateApart(migrationUrl, configured, log)
    return await storageOn(await usableDatabase(configured ?? '', log), log)
  } catch (error) {
    throw error instanceof UnusableDatabase ? error : UnusableDatabase.because(error)
  }
}

/** The address as every connection takes it. @throws UnusableDatabase when calls could not be kept there */
async function usableDatabase(configured: string, log: Logger): Promise<string> {
  const url = await settleTls(configured)
  const [fault] = faultsOf(await factsOf(url, 'precall start'))
  if (fault) throw new UnusableDatabase(faultLine(fault))
  const plain = plainTextFault(url)
  if (plain) log.warn(faultLine(plain))
  return url
}

async function storageOn(url: string, log: Logger, embedded?: EmbeddedPostgres): Promise<Storage> {
  const database = await openDatabase(url, log)
  await migrateAll(database, url, log)
  const callPool = openCallPool(url, log)
  const watch = embedded && watchEmbedded(embedded, log)
  return {
    url,
    database,
    calls: createCallStore(callPool),
    bridges: createBridgeStore(database),
    charts: createKnownCharts(database),
    queries: createCallQueries(database),
    live: createLiveCallQueries(database),
    audit: createAuditLog(database),
    endedSessions: createEndedSessionStore(database),
    phoneLinks: createPhoneLinkStore(database),
    voices: createVoiceStore(database),
    voiceQueries: createVoiceQueries(database),
    agents: createAgentStore(database),
    trunks: createTrunkStore(database),
    agentAudio: createAgentAudioStore(database, DEFAULT_AGENT.id),
    conversations: createConversationStore(database),
    assets: createAssetStore(database),
    announcer: (kind, nodeId) => new FeedAnnouncer({ pool: callPool, kind, nodeId, log }),
    dispatcher: () => new JobDispatcher({ pool: callPool, log }),
    async close() {
      await watch?.stop()
      const closed = callPool.end().then(() => database.close())
      await withTimeout(CLOSING_MS, closed, 'A statement was not answered.').catch((error: unknown) => {
        log.warn({ err: error }, 'connections to the database could not be closed in order; they are cut off')
        databaseSockets.endSilentFor(0)
      })
      await embedded?.stop()
    },
  }
}
