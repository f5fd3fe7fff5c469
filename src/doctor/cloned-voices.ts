import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { connectClient, settleTls } from '../persistence/connect.ts'
import { type ElevenLabsApi, elevenLabsApi } from './elevenlabs-api.ts'
import { elevenLabsFailure, isNotFound } from './elevenlabs-failure.ts'
import { examineEmbedded, isMade } from './embedded-server.ts'
import { type Check, type Finding, ok, skip, warn } from './finding.ts'

/** An embedded server is started for it, if need be. */
const LIMIT_MS = 90_000
const DATABASE_MS = 5_000
/** One request for each; whoever deletes voices at the vendor has deleted one of these, too. */
const MOST_LOOKED_FOR = 20

const NAME = 'cloned voices'

/** Whether the vendor still has the voices that callers are given. Nothing is said where vendor or database are not there. */
export function clonedVoicesCheck(config: Config): Check {
  const { elevenLabs, database, dataDir } = config
  const { apiKey, baseUrl } = elevenLabs
  return {
    name: NAME,
    limitMs: LIMIT_MS,
    async *run() {
      if (apiKey === null) return
      const look = async function* (url: string): AsyncGenerator<Finding> {
        yield await lookFor(await keptVoices(url), elevenLabsApi({ apiKey, baseUrl }), baseUrl)
      }
      const embedded = join(dataDir, 'postgres')
      try {
        if (database.url !== null) yield* look(await settleTls(database.url))
        else if (await isMade(embedded)) yield* examineEmbedded(embedded, look)
      } catch {
        yield skip(NAME, 'the database cannot be asked for them')
      }
    },
  }
}

/** The vendor's ids, those used last first; none where no service has been started yet. */
async function keptVoices(url: string): Promise<string[]> {
  const client = await connectClient(url, {
    ...{ application_name: 'precall doctor', query_timeout: DATABASE_MS },
    connectionTimeoutMillis: DATABASE_MS,
  })
  try {
    const { rows: tables } = await client.query<{ mayRead: boolean }>(
      `select has_table_privilege(to_regclass('voice_clone_cache'), 'select') is true as "mayRead"`,
    )
    if (!tables[0]?.mayRead) return []
    const { rows } = await client.query<{ id: string }>(
      `select vendor_voice_id as id from voice_clone_cache where status = 'ready' and expires_at > now()
       order by last_used_at desc nulls last limit ${MOST_LOOKED_FOR}`,
    )
    return rows.map(({ id }) => id)
  } finally {
    await client.end()
  }
}

async function lookFor(voiceIds: string[], api: ElevenLabsApi, baseUrl: string): Promise<Finding> {
  let gone = 0
  for (const voiceId of voiceIds) {
    try {
      await api.voiceName(voiceId)
    } catch (error) {
      if (!isNotFound(error)) return elevenLabsFailure(NAME, error, baseUrl)
      gone++
    }
  }
  if (gone === 0) return ok(NAME, voiceIds.length === 0 ? 'none is kept' : `all ${voiceIds.length} are there`)
  return warn(
    NAME,
    `ElevenLabs no longer has ${gone} of ${voiceIds.length}: their callers hear another voice once, and are cloned anew`,
    'leave voices called precall-… to this service, which deletes them in time (elevenlabs.io → Voices)',
  )
}
