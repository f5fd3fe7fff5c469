import type { AgentAudioMemory } from '../calls/media-calls.ts'
import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'
import { tablesOf } from './tables.ts'

export type AgentAudioStore = AgentAudioMemory & {
  /** Samples a second of what the agent of this call takes and gives; null while nobody has met it. */
  ratesFor(callId: string): Promise<{ input: number; output: number } | null>
}

/** In what formats agents were last found to take and to give sound. Calls that name no agent are those of `defaultAgentId`. */
export function createAgentAudioStore(database: Database, defaultAgentId: string): AgentAudioStore {
  const [run, tables] = [sqlOf(database), tablesOf(database)]
  return {
    async keep(agentId, { inputFormat, outputFormat }) {
      const row = [agentId, inputFormat.rate, outputFormat.rate]
      // Nearly always it is known already, and then nothing is written or locked.
      await run(
        `insert into agent_audio (agent_id, hears_rate, speaks_rate) select ?, ?::int, ?::int
         where not exists (select 1 from agent_audio where (agent_id, hears_rate, speaks_rate) = (?, ?::int, ?::int))
         on conflict (agent_id) do update set hears_rate = excluded.hears_rate, speaks_rate = excluded.speaks_rate`,
        [...row, ...row],
      )
    },
    async ratesFor(callId) {
      const rates = tables
        .selectFrom('call_log as c')
        .innerJoin('agent_audio as a', (on) =>
          on.on('a.agent_id', '=', ({ fn, val, cast }) =>
            fn.coalesce(cast<string>('c.agent_id', 'text'), val(defaultAgentId)),
          ),
        )
        .select(['a.hears_rate as input', 'a.speaks_rate as output'])
        .where('c.id', '=', callId)
      return (await rates.executeTakeFirst()) ?? null
    },
  }
}
