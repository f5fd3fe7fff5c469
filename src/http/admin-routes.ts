import type { PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { AgentStore } from '../persistence/agent-store.ts'
import type { AuditLog } from '../persistence/audit-log.ts'
import type { CallQueries } from '../persistence/call-queries.ts'
import type { ConversationStore } from '../persistence/conversation-store.ts'
import type { LiveCallQueries } from '../persistence/live-calls.ts'
import type { VoiceQueries } from '../persistence/voice-queries.ts'
import { agentsRoutes } from './agents-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { cacheRoutes, type VoiceCache } from './cache-routes.ts'
import { type CallEventsOptions, callEventsRoutes } from './call-events-routes.ts'
import { type CallFinder, callStateRoutes } from './call-state-routes.ts'
import { type CallDoor, callsRoutes } from './calls-routes.ts'
import { demoRoutes } from './demo-routes.ts'
import { feedRoutes } from './feed-routes.ts'
import { machinesRoutes } from './machines-routes.ts'
import { type PhoneLinksOptions, phoneLinksRoutes } from './phone-links-routes.ts'
import { replayRoutes } from './replay-routes.ts'
import type { ResponseTime } from './response-times.ts'
import type { AnyRoute } from './route.ts'
import { type ShownSetting, settingsRoutes } from './settings-routes.ts'
import { statisticsRoutes } from './statistics-routes.ts'
import { type TrunksOptions, trunksRoutes } from './trunks-routes.ts'
import { voiceListRoutes } from './voice-list-routes.ts'
import { type CallerVoices, voicesRoutes } from './voices-routes.ts'

/** Everything below `/api/v1`, in the order in which the OpenAPI document lists it. */
export function adminRoutes(options: {
  calls: CallDoor & CallFinder
  queries: CallQueries
  live: LiveCallQueries
  conversations: ConversationStore
  agents: AgentStore
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
    ...agentsRoutes(options.agents, options.numbers),
    ...trunksRoutes(options),
    ...phoneLinksRoutes(options),
    ...statisticsRoutes(options.queries, options.responseTimes),
    ...machinesRoutes(options.machines),
    ...settingsRoutes(options.settings),
    ...auditRoutes(options.audit),
    ...demoRoutes(options.kill),
  ]
}
