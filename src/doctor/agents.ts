import type { BackendFields } from '../calls/agent-backends.ts'
import { agentWarnings } from '../config/agent-warnings.ts'
import type { Config } from '../config/config.ts'
import { type Check, type Finding, fail, ok, warn } from './finding.ts'
import { DATABASE_LIMIT_MS, lookInDatabase } from './kept-rows.ts'

const NAME = 'agents'

type AgentRow = BackendFields & { name: string; hasVoices: boolean }

/** Whether agents that are set up here can speak as they are set up. Nothing is said where the database is not there. */
export const agentsCheck = (config: Config): Check => ({
  name: NAME,
  limitMs: DATABASE_LIMIT_MS,
  run: () =>
    lookInDatabase<AgentRow>(config, { name: NAME, table: 'agent', query: AGENTS }, (rows) =>
      rows.length === 0 ? [] : [findingOf(config, rows)],
    ),
})

const AGENTS = `
  select a.name, a.backend, a.vendor_agent_id as "vendorAgentId", a.voice_id as "voiceId",
         to_jsonb(a) ->> 'model' as model, to_jsonb(a) -> 'turn_detection' as "turnDetection",
         exists (select from caller_voice_mapping) as "hasVoices"
  from agent a order by a.created_at`

/** That cloned voices are not spoken matters where there are any; without its vendor's key a simulated one may speak. */
function findingOf(config: Config, rows: AgentRow[]): Finding {
  const isDemo = config.carrier === 'simulated' || config.agentVendor === 'simulated'
  const warnings = rows.flatMap(({ name, hasVoices, ...agent }) =>
    agentWarnings(config, agent)
      .filter(({ kind }) => (kind === 'clones' ? hasVoices : kind !== 'key' || !isDemo))
      .map((warning) => ({ ...warning, finding: `${name}: ${warning.finding}` })),
  )
  if (warnings.length === 0) return ok(NAME, `${rows.length} set up`)
  const verdict = warnings.some(({ kind }) => kind === 'key') ? fail : warn
  const mends = [...new Set(warnings.map(({ mend }) => mend))]
  return verdict(NAME, warnings.map(({ finding }) => finding).join('; '), mends.join('; '))
}
