import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { callSystem } from '../../machines/call/call-system.ts'
import { systemDefinition } from '../actors/chart-definition.ts'
import type { CallHost } from '../calls/call-host.ts'
import type { CallFeed } from '../calls/view.ts'
import { agentWarnings } from '../config/agent-warnings.ts'
import type { Config } from '../config/config.ts'
import type { SettingInUse } from '../config/effective-settings.ts'
import { adminRoutes } from '../http/admin-routes.ts'
import type { WebOptions } from '../http/app.ts'
import { recordWrites } from '../http/audit/audit.ts'
import { postCallRoutes } from '../http/calls/post-call-routes.ts'
import { consoleRoutes } from '../http/console/console-routes.ts'
import { phoneRoutes } from '../http/phone/phone-routes.ts'
import type { Auth } from '../http/sessions/auth.ts'
import { responseTimes } from '../http/statistics/response-times.ts'
import type { PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { TwilioAdapter } from '../telephony/twilio/adapter.ts'
import type { CallerVoices } from '../voices/caller-voices.ts'
import { sipLine } from './sip-line.ts'
import type { Storage } from './storage.ts'
import type { VoiceAgents } from './voice-agents.ts'

const CONSOLE = fileURLToPath(new URL('../../dist/console/', import.meta.url))
const PHONE = fileURLToPath(new URL('../../dist/phone/', import.meta.url))
const CALLER_SAMPLE = fileURLToPath(new URL('../simulator/assets/caller-sample.wav', import.meta.url))

const API = {
  title: 'VoiceClone Pre-Call Service',
  version: '1',
  description: 'Calls, voices and agents of the pre-call service.',
}

export type WebParts = {
  config: Config
  settings: SettingInUse[]
  kill: (() => void) | null
  storage: Storage
  auth: Auth
  host: CallHost
  feed: CallFeed
  callerVoices: CallerVoices
  numbers: PhoneNumbers
  agents: VoiceAgents
  twilio: TwilioAdapter
  metrics: Metrics
  log: Logger
}

/** Webhooks, API and console: what a process with the role `web` answers. */
export function createWeb(parts: WebParts): WebOptions {
  const { storage, auth, agents, twilio, log } = parts
  return {
    carrierWebhooks: twilio.webhooks,
    agentWebhooks: postCallRoutes(
      agents.receivePostCall?.({
        keep: (part) => storage.conversations.keepReport(part),
        keepLarge: (part) => storage.conversations.keepLargeReport(part),
      }) ?? null,
    ),
    adminRoutes: routesOf(parts),
    recordWrite: recordWrites({ audit: storage.audit, adminOf: (req) => auth.adminOf(req), log }),
    api: API,
    console: consoleOf(parts),
    phone: phoneRoutes({
      assetsDir: PHONE,
      links: storage.phoneLinks,
      browser: browserOf(parts.config),
    }),
  }
}

/** Without SIP there is nobody whom a browser could reach. */
const browserOf = ({ sip: { enabled, browser } }: Config): Config['sip']['browser'] =>
  enabled ? browser : { ...browser, url: null }

function routesOf({ config, storage, settings, kill, numbers, host, feed, callerVoices, metrics }: WebParts) {
  const { queries, live, conversations, agents, trunks, audit, voiceQueries, phoneLinks } = storage
  const { enabled, trunks: addresses, numbers: answered } = config.sip
  return adminRoutes({
    queries,
    live,
    conversations,
    agents,
    trunks,
    audit,
    voiceQueries,
    kill,
    numbers,
    phoneLinks,
    settingsTrunk: enabled ? { addresses: [...addresses], numbers: answered && [...answered] } : null,
    canCallFromBrowser: browserOf(config).url !== null,
    publicUrl: config.http.publicUrl,
    agentWarnings: (agent) => agentWarnings(config, agent).map(({ finding, mend }) => `${finding}; ${mend}.`),
    calls: host,
    voices: callerVoices,
    settings: () => settings,
    follow: (follower) => feed.follow(({ id: callId }) => follower({ callId })),
    responseTimes: () => responseTimes(metrics.webhookSeconds),
    machines: { call: systemDefinition(callSystem) },
  })
}

const consoleOf = ({ auth, kill, config: { carrier, agentVendor, twilio, sip } }: WebParts) =>
  consoleRoutes({
    auth,
    assetsDir: CONSOLE,
    callerSample: CALLER_SAMPLE,
    config: {
      carrier,
      agentVendor,
      phoneNumber: twilio.phoneNumber,
      canBeKilled: kill !== null,
      sip: sipLine(sip),
    },
  })
