import type { PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { AgentStore } from '../persistence/agent-store.ts'
import type { AuditLog } from '../persistence/audit-log.ts'
import type { CallQueries } from '../persistence/call-queries.ts'
import type { ConversationStore } from '../persistence/conversation-store.ts'
import type { LiveCallQueries } from '../persistence/live-calls.ts'
import type { VoiceQueries } from '../persistence/voice-queries.ts'
import { type AgentsOptions, agentsRoutes } from './agents/agents-routes.ts'
import { auditRoutes } from './audit/audit-routes.ts'
import { type CallEventsOptions, callEventsRoutes } from './calls/call-events-routes.ts'
import { type CallFinder, callStateRoutes } from './calls/call-state-routes.ts'
import { type CallDoor, callsRoutes } from './calls/calls-routes.ts'
import { feedRoutes } from './calls/feed-routes.ts'
import { replayRoutes } from './calls/replay-routes.ts'
import { demoRoutes } from './console/demo-routes.ts'
import { type ShownSetting, settingsRoutes } from './console/settings-routes.ts'
import { machinesRoutes } from './machines/machines-routes.ts'
import { type PhoneLinksOptions, phoneLinksRoutes } from './phone/phone-links-routes.ts'
import type { AnyRoute } from './route.ts'
import type { ResponseTime } from './statistics/response-times.ts'
import { statisticsRoutes } from './statistics/statistics-routes.ts'
import { type TrunksOptions, trunksRoutes } from './trunks/trunks-routes.ts'
import { cacheRoutes, type VoiceCache } from './voices/cache-routes.ts'
import { voiceListRoutes } from './voices/voice-list-routes.ts'
import { type CallerVoices, voicesRoutes } from './voices/voices-routes.ts'

/** Everything below `/api/v1`, in the order in which the OpenAPI document lists it. */
export function adminRoutes(options: {
  calls: CallDoor & CallFinder
  queries: CallQueries
  live: LiveCallQueries
  conversations: ConversationStore
  agents: AgentStore
  agentWarnings: NonNullable<AgentsOptions['warningsOf']>
  trunks: TrunksOptions['trunks']
  settingsTrunk: TrunksOptions['settingsTrunk']
  voices: CallerVoices & VoiceCache
  voiceQueries: VoiceQueries
  follow: CallEventsOptions['follow']
  responseTimes: () => Promise<ResponseTime[]>
  machines: Parameters<typeof machinesRoutes>[0]
  settings: () => ShownSetting[]
  audit: Pick<AuditLog, 'list'>
  kill: (() => void) | null
  numbers: PhoneNumbers
  phoneLinks: PhoneLinksOptions['phoneLinks']
  canCallFromBrowser: boolean
  publicUrl: string | null
}): AnyRoute[] {
  return [
    ...callsRoutes(options),
    ...callEventsRoutes(options),
    ...replayRoutes(options.queries),
    ...callStateRoutes({ calls: options.calls, timers: options.live }),
    ...feedRoutes({ queries: options.live, follow: options.follow }),
    ...voiceListRoutes(options.voiceQueries, options.numbers),
    ...voicesRoutes(options.voices, options.numbers),
    ...cacheRoutes(options.voices),
    ...agentsRoutes({ ...options, warningsOf: options.agentWarnings }),
    ...trunksRoutes(options),
    ...phoneLinksRoutes(options),
    ...statisticsRoutes(options.queries, options.responseTimes),
    ...machinesRoutes(options.machines),
    ...settingsRoutes(options.settings),
    ...auditRoutes(options.audit),
    ...demoRoutes(options.kill),
  ]
}
