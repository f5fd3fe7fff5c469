import { join } from 'node:path'
import type { Logger } from 'pino'
import { DEFAULT_AGENT } from '../calls/default-agent.ts'
import type { CallStore } from '../calls/store.ts'
import { type AgentAudioStore, createAgentAudioStore } from '../persistence/agent-audio-store.ts'
import { type AgentStore, createAgentStore } from '../persistence/agent-store.ts'
import { type AssetStore, createAssetStore } from '../persistence/asset-store.ts'
import { type AuditLog, createAuditLog } from '../persistence/audit-log.ts'
import { type CallQueries, createCallQueries } from '../persistence/call-queries.ts'
import { createCallStore } from '../persistence/call-store.ts'
import { type ConversationStore, createConversationStore } from '../persistence/conversation-store.ts'
import { type Database, migrateAll, openCallPool, openDatabase } from '../persistence/database.ts'
import { startEmbeddedPostgres } from '../persistence/embedded-postgres.ts'
import { createLiveCallQueries, type LiveCallQueries } from '../persistence/live-calls.ts'
import { createVoiceQueries, type VoiceQueries } from '../persistence/voice-queries.ts'
import { createVoiceStore } from '../persistence/voice-store.ts'
import type { VoiceStore } from '../voices/ports.ts'

export type Storage = {
  url: string
  database: Database
  calls: CallStore
  queries: CallQueries
  live: LiveCallQueries
  audit: AuditLog
  voices: VoiceStore
  voiceQueries: VoiceQueries
  agents: AgentStore
  agentAudio: AgentAudioStore
  conversations: ConversationStore
  assets: AssetStore
  /** Closes the connections and, when nobody else uses it, the embedded server. */
  close(): Promise<void>
}

/** The database of the settings cannot be used; the message is one line, with the setting and the mend. */
export class UnusableDatabase extends Error {
  constructor(cause: unknown) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = message || code || 'no answer'
    super(`DATABASE_URL: the database cannot be used (${why}); start it, or correct the setting`, { cause })
    this.name = 'UnusableDatabase'
  }
}

/** Opens the database of the settings, or the embedded one, brings its tables up to date, and puts the stores on it. */
export async function openStorage(configured: string | null, dataDir: string, log: Logger): Promise<Storage> {
  const embedded = configured === null ? await startEmbeddedPostgres(join(dataDir, 'postgres')) : null
  const url = configured ?? embedded?.url ?? ''
  const database = await openDatabase(url, log)
  await migrateAll(database, url, log).catch((error: unknown) => {
    throw configured === null ? error : new UnusableDatabase(error)
  })
  const callPool = openCallPool(url, log)
  return {
    url,
    database,
    calls: createCallStore(callPool),
    queries: createCallQueries(database),
    live: createLiveCallQueries(database),
    audit: createAuditLog(database),
    voices: createVoiceStore(database),
    voiceQueries: createVoiceQueries(database),
    agents: createAgentStore(database),
    agentAudio: createAgentAudioStore(database, DEFAULT_AGENT.id),
    conversations: createConversationStore(database),
    assets: createAssetStore(database),
    async close() {
      await callPool.end()
      await database.close()
      await embedded?.stop()
    },
  }
}
