import { Migrator } from '@mikro-orm/migrations'
import { MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'
import type { Logger } from 'pino'
import { Agent, AgentNumber } from './entities/agent.entity.ts'
import { AgentAudio } from './entities/agent-audio.entity.ts'
import { AuditEntry } from './entities/audit.entity.ts'
import { CallEvent, CallLog, CallTimer } from './entities/call.entity.ts'
import { AgentConversation, ConversationTurn, PostCallReport } from './entities/conversation.entity.ts'
import { ServiceNode } from './entities/node.entity.ts'
import { SipLeg } from './entities/sip-leg.entity.ts'
import {
  AudioAsset,
  CallerVoiceMapping,
  VoiceCloneCache,
  VoiceCloneLog,
  VoiceSampleFile,
} from './entities/voice.entity.ts'
import { migrateJobQueue } from './job-queue.ts'

const ENTITIES = [
  ...[CallLog, CallEvent, CallTimer],
  ...[CallerVoiceMapping, VoiceSampleFile, VoiceCloneCache, VoiceCloneLog, AudioAsset],
  ...[Agent, AgentAudio, AgentNumber, ConversationTurn, AgentConversation, PostCallReport],
  ...[ServiceNode, SipLeg],
  AuditEntry,
]

/** PostgreSQL's own default allows 100 connections for all nodes together. */
const POOL_SIZE = 6
/** More statements at once than this only wait for each other in the database. */
const CALL_POOL_SIZE = 8

/** Any number: it only has to be the same in every process that migrates. */
const MIGRATION_LOCK = 4_011_986

export type Database = MikroORM

/** Connects; no table is touched. */
export function openDatabase(url: string, log: Logger): Promise<Database> {
  return MikroORM.init({
    clientUrl: url,
    logger: (message) => log.debug(message),
    colors: false,
    entities: ENTITIES,
    extensions: [Migrator],
    pool: { min: 2, max: POOL_SIZE },
    migrations: {
      path: new URL('../../migrations', import.meta.url).pathname,
      glob: '!(*.d).ts',
      snapshot: false,
    },
  })
}

/** Connections of their own for the statements that every webhook waits for. */
export function openCallPool(url: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: CALL_POOL_SIZE })
  const lost = (error: Error) => log.warn({ err: error }, 'a connection of the call store was lost')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  return pool
}

/**
 * Applies what is pending, of our tables and of the job queue's, under one lock for all processes: neither migrator
 * serialises two that start at once. The lock lives on a connection of its own, so that it goes when this process does.
 */
export async function migrateAll(database: Database, url: string, log: Logger): Promise<void> {
  const lock = new pg.Client({ connectionString: url })
  await lock.connect()
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await database.migrator.up()
    await migrateJobQueue(url, log)
  } finally {
    await lock.end()
  }
}
