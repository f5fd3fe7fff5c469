import type { Logger } from 'pino'
import type { CallHost } from '../calls/call-host.ts'
import type { ReportKeeper } from '../calls/report-keeper.ts'
import type { TrunkRegister } from '../calls/trunk-ports.ts'
import type { CallFeed } from '../calls/view.ts'
import type { Config } from '../config/config.ts'
import { PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { PhoneLinkStore } from '../persistence/phone-link-store.ts'
import type { SipLegStore } from '../persistence/sip-leg-store.ts'
import type { SipAdapter } from '../telephony/sip/adapter.ts'
import type { LegCalls, LinkCallers, Relays, Sounds } from '../telephony/sip/sip-ports.ts'
import { carrierCalls } from './carrier-calls.ts'

export type SipParts = {
  config: Config
  host: CallHost
  reports: ReportKeeper
  numbers: PhoneNumbers
  feed: CallFeed
  register: SipLegStore
  trunkRegister: TrunkRegister
  phoneLinks: PhoneLinkStore
  /** The http origin under which FreeSWITCH reaches this process. */
  origin: string
  /** Names the rendered greeting; null until there is one. */
  greetingKey: () => string | null
  relays: Relays
  agentRates: LegCalls['agentRates']
  isDraining: () => boolean
  metrics: Metrics
  log: Logger
}

/** The part that takes SIP calls and holds their legs. Its libraries are only loaded where it is wanted. */
export async function createSip(parts: SipParts): Promise<SipAdapter> {
  const { config, numbers, feed, register, trunkRegister, relays, agentRates, isDraining, metrics, log } =
    parts
  const { SipAdapter } = await import('../telephony/sip/adapter.ts')
  return new SipAdapter({
    ...config.sip,
    numbers: config.sip.numbers?.map((number) => numbers.canonical(number)) ?? null,
    transferNumbers: config.sip.transferNumbers?.map((number) => numbers.canonical(number)) ?? null,
    canonical: (spelling, country) => (country === null ? numbers : numbers.in(country)).canonical(spelling),
    links: config.sip.browser.url === null ? null : linkCallers(parts.phoneLinks),
    silenceMs: config.calls.silenceTimeoutMs,
    calls: {
      // The numbers have been read by then, perhaps as those of a trunk's own country.
      ...carrierCalls({ ...parts, numbers: new PhoneNumbers(null) }, 'sip', () => {}),
      watch: (callId, onChange) => feed.watch(callId, onChange),
      agentRates,
    },
    register,
    trunkRegister,
    relays,
    isDraining,
    log,
    sounds: soundsOf(parts),
    onRejected: (reason) => metrics.httpRejections.inc({ reason }),
    onAnswered: (seconds) => metrics.greetingSeconds.observe(seconds),
    onServer: (server, isUp) => metrics.sipUp.set(server, Number(isUp)),
  })
}

const linkCallers = (links: PhoneLinkStore): LinkCallers => ({
  find: (sipUser) => links.findUser(sipUser),
  claim: (linkId, providerCallId) => links.claim(linkId, providerCallId),
  giveBack: (linkId, providerCallId) => links.giveBack(linkId, providerCallId),
})

/** The same sounds as Twilio plays, fetched by FreeSWITCH from this very process: it lives as long as the leg does. */
function soundsOf({ config: { greeting, calls }, origin, greetingKey }: SipParts): Sounds {
  const roundMs = calls.pollIntervalMs
  // Without this FreeSWITCH asks twice for everything that it has not heard before.
  const audio = `${origin.replace('://', '://(nohead=true)')}/audio`
  const music = (round: number) => greeting.musicUrl ?? `${audio}/hold/${round}.wav?ms=${roundMs}`
  return {
    greeting: () => {
      const key = greetingKey()
      return key ? `${audio}/greeting/${key}.wav` : `${audio}/spoken/greeting.wav`
    },
    hold: (round) => (greeting.musicEnabled ? music(round) : `silence_stream://${roundMs}`),
    spoken: (message) => `${audio}/spoken/${message}.wav`,
    roundMs,
  }
}
