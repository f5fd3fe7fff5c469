import { fileURLToPath } from 'node:url'
import { Migrator } from '@mikro-orm/migrations'
import { MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'
import type { Logger } from 'pino'
import { readMigrationState } from './applied-migrations.ts'
import { BoundValuesDriver } from './bound-values.ts'
import { connectClient, poolConfig } from './connect.ts'
import { ActorJob } from './entities/actor-job.entity.ts'
import { Agent, AgentNumber } from './entities/agent.entity.ts'
import { AgentAudio } from './entities/agent-audio.entity.ts'
import { AuditEntry } from './entities/audit.entity.ts'
import { CallEvent, CallLog, CallTimer } from './entities/call.entity.ts'
import { CallLeg } from './entities/call-leg.entity.ts'
import { AgentConversation, ConversationTurn, PostCallReport } from './entities/conversation.entity.ts'
import { EndedSession } from './entities/ended-session.entity.ts'
import { ServiceNode } from './entities/node.entity.ts'
import { PhoneLink } from './entities/phone-link.entity.ts'
import { SipLeg } from './entities/sip-leg.entity.ts'
import { Tally } from './entities/tally.entity.ts'
import { Trunk, TrunkCall, TrunkState } from './entities/trunk.entity.ts'
import {
  AudioAsset,
  CallerVoiceMapping,
  VoiceCloneCache,
  VoiceCloneLog,
  VoiceJob,
  VoiceSampleFile,
} from './entities/voice.entity.ts'
import { migrateJobQueue } from './job-queue.ts'
import { grantRuntimeRights } from './runtime-rights.ts'
import { schemaGenerator } from './without-entity.ts'

export const ENTITIES = [
  ActorJob,
  CallLog,
  CallLeg,
  CallEvent,
  CallTimer,
  CallerVoiceMapping,
  VoiceSampleFile,
  VoiceCloneCache,
  VoiceCloneLog,
  VoiceJob,
  AudioAsset,
  Agent,
  AgentAudio,
  AgentNumber,
  ConversationTurn,
  AgentConversation,
  PostCallReport,
  ServiceNode,
  SipLeg,
  Trunk,
  TrunkCall,
  TrunkState,
  AuditEntry,
  EndedSession,
  PhoneLink,
  Tally,
]

/** PostgreSQL's own default allows 100 connections for all nodes together. */
const POOL_SIZE = 6
/** More statements at once than this only wait for each other in the database. */
const CALL_POOL_SIZE = 8

/** Any number: it only has to be the same in every process that migrates. */
const MIGRATION_LOCK = 4_011_986

export type Database = MikroORM

/** Connects; no table is touched. Tables are those of the first schema in the search path. */
export async function openDatabase(url: string, log: Logger): Promise<Database> {
  const schema = await currentSchema(url)
  const { database: dbName, ...connection } = poolConfig(url)
  return MikroORM.init({
    driver: BoundValuesDriver,
    dbName,
    schema,
    driverOptions: { ...connection, database: dbName },
    logger: (message) => log.debug(message),
    colors: false,
    entities: ENTITIES,
    extensions: [Migrator],
    pool: { min: 2, max: POOL_SIZE },
    migrations: {
      path: fileURLToPath(new URL('../../migrations', import.meta.url)),
      glob: '!(*.d).ts',
      snapshot: false,
    },
    schemaGenerator,
  })
}

async function currentSchema(url: string): Promise<string | undefined> {
  const client = await connectClient(url)
  try {
    const { rows } = await client.query<{ schema: string | null }>('select current_schema() as schema')
    return rows[0]?.schema ?? undefined
  } finally {
    await client.end()
  }
}

/** Connections of their own for the statements that every webhook waits for. */
export function openCallPool(url: string, log: Logger): pg.Pool {
  const pool = new pg.Pool(poolConfig(url, { max: CALL_POOL_SIZE }))
  const lost = (error: Error) => log.warn({ err: error }, 'a connection of the call store was lost')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  return pool
}

/**
 * Applies what is pending, of our tables and of the job queue's, under one lock for all processes: neither migrator
 * serialises two that start at once. The lock lives on a connection of its own, so that it goes when this process does.
 * `runtimeRole` is the one of the service where that is another: it is let use what is there.
 */
export async function migrateAll(
  database: Database,
  url: string,
  log: Logger,
  runtimeRole: string | null = null,
): Promise<void> {
  const lock = await connectClient(url)
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    // A role that may not create tables is enough where all of them are there.
    const { pending } = await readMigrationState(lock)
    if (pending.length > 0) await database.migrator.up()
    await migrateJobQueue(url, log)
    if (runtimeRole !== null) await grantRuntimeRights(lock, runtimeRole)
  } finally {
    await lock.end()
  }
}
