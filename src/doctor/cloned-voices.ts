import type { Config } from '../config/config.ts'
import { type ElevenLabsApi, elevenLabsApi } from './elevenlabs-api.ts'
import { elevenLabsFailure, isNotFound } from './elevenlabs-failure.ts'
import { type Check, type Finding, ok, warn } from './finding.ts'
import { DATABASE_LIMIT_MS, lookInDatabase } from './kept-rows.ts'

/** One request for each; whoever deletes voices at the vendor has deleted one of these, too. */
const MOST_LOOKED_FOR = 20

const NAME = 'cloned voices'

/** Whether the vendor still has the voices that callers are given. Nothing is said where vendor or database are not there. */
export function clonedVoicesCheck(config: Config): Check {
  const { apiKey, baseUrl } = config.elevenLabs
  return {
    name: NAME,
    limitMs: DATABASE_LIMIT_MS,
    async *run() {
      if (apiKey === null) return
      const query = { name: NAME, table: 'voice_clone_cache', query: KEPT_VOICES }
      yield* lookInDatabase<{ id: string }>(config, query, async function* (rows) {
        const voiceIds = rows.map(({ id }) => id)
        yield await lookFor(voiceIds, elevenLabsApi({ apiKey, baseUrl }), baseUrl)
      })
    },
  }
}

/** The vendor's ids, those used last first. */
const KEPT_VOICES = `
  select vendor_voice_id as id from voice_clone_cache where status = 'ready' and expires_at > now()
  order by last_used_at desc nulls last limit ${MOST_LOOKED_FOR}`

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
