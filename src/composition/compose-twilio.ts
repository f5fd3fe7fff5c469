import type { Logger } from 'pino'
import type { CallHost } from '../calls/call-host.ts'
import type { ReportKeeper } from '../calls/report-keeper.ts'
import type { Config } from '../config/config.ts'
import type { PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { Metrics } from '../observability/metrics.ts'
import { type TwilioAdapter, twilioAdapter } from '../telephony/twilio/adapter.ts'
import type { Greeting } from '../voices/greeting.ts'
import { carrierCalls } from './carrier-calls.ts'

/** The part that answers Twilio's webhooks, takes its streams and tells its API what to do. */
export function createTwilio(parts: {
  config: Config
  host: CallHost
  reports: ReportKeeper
  numbers: PhoneNumbers
  greeting: Greeting
  isLeaving: () => boolean
  metrics: Metrics
  log: Logger
}): TwilioAdapter {
  const { config, greeting, isLeaving, metrics, log } = parts
  return twilioAdapter({
    ...config.twilio,
    publicUrl: config.http.publicUrl,
    calls: carrierCalls(parts, 'twilio', (seconds) => metrics.greetingSeconds.observe(seconds)),
    greeting: () => ({ path: greeting.key && `/audio/greeting/${greeting.key}.wav`, text: greeting.text }),
    hold: holdMusic(config),
    isLeaving,
    onRejected: (reason) => metrics.httpRejections.inc({ reason }),
    log,
  })
}

function holdMusic({ greeting: { musicEnabled, musicUrl }, calls: { pollIntervalMs: roundMs } }: Config) {
  if (!musicEnabled) return { pathOf: null, url: null, roundMs }
  // The length is in the name because carriers keep what they have played.
  return { pathOf: (round: number) => `/audio/hold/${round}.wav?ms=${roundMs}`, url: musicUrl, roundMs }
}
