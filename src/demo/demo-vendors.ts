import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { speak } from '../simulator/assets/speech.ts'
import { type Carrier, startCarrier } from '../simulator/carrier/carrier.ts'
import type { PostCallWebhook } from '../simulator/elevenlabs/post-call.ts'
import { type SimulatedElevenLabs, startElevenLabs } from '../simulator/elevenlabs/start-elevenlabs.ts'
import { type SimulatedOpenAi, startOpenAi } from '../simulator/openai/start-openai.ts'

/*
 * What stands in for the vendors whose keys are not set: a carrier and voice vendors that speak the real protocols over real
 * sockets. The service does not know the difference; only its settings name other origins.
 */

/** Longer than the greeting, so that the hold music is heard too. */
const CLONE_MS = 10_000
const DEMO_AGENT = 'agent_demo'
const DEMO_NUMBER = '+15550100000'

/** What a service must know of them; plain JSON, for it may be another process. */
export type VendorAccess = {
  carrier: { accountSid: string; authToken: string; apiBaseUrl: string; phoneNumber: string } | null
  vendor: { apiKey: string; baseUrl: string } | null
  openAi: { apiKey: string; baseUrl: string } | null
  webhookSecret: string
}

/** A voice that the database knows, for a vendor that starts again and has lost all. */
export type KnownVoice = { voiceId: string; name: string; createdAt: string }

/** The simulated vendors, running. */
export class DemoVendors {
  readonly carrier: Carrier | null
  readonly access: VendorAccess
  readonly #vendor: SimulatedElevenLabs | null
  readonly #openAi: SimulatedOpenAi | null
  readonly #reports: PostCallWebhook

  private constructor(parts: {
    carrier: Carrier | null
    vendor: SimulatedElevenLabs | null
    openAi: SimulatedOpenAi | null
    reports: PostCallWebhook
    access: VendorAccess
  }) {
    this.carrier = parts.carrier
    this.access = parts.access
    this.#vendor = parts.vendor
    this.#openAi = parts.openAi
    this.#reports = parts.reports
  }

  /** Starts what the settings lack; nothing, when they name real vendors. */
  static async start(config: Config, log: Logger): Promise<DemoVendors> {
    const webhookSecret = config.elevenLabs.webhookSecret ?? secret()
    const [authToken, apiKey, openAiKey] = [secret(), secret(), `sk-${secret()}`]
    // Where the reports go is known when the service listens.
    const reports = { url: '', secret: webhookSecret }
    const carrier = config.carrier === 'simulated' ? await simulatedCarrier(config, authToken, log) : null
    const vendor =
      config.agentVendor === 'simulated'
        ? await startElevenLabs({
            apiKey,
            agentId: DEMO_AGENT,
            cloneDelayMs: CLONE_MS,
            postCallWebhook: reports,
            log,
          })
        : null
    const openAi = lacksOpenAi(config) ? await startOpenAi({ apiKey: openAiKey, log }) : null
    const access = {
      carrier: carrier && {
        accountSid: carrier.accountSid,
        authToken,
        apiBaseUrl: carrier.apiBaseUrl,
        phoneNumber: carrier.number.phoneNumber,
      },
      vendor: vendor && { apiKey, baseUrl: vendor.url },
      openAi: openAi && { apiKey: openAiKey, baseUrl: openAi.url },
      webhookSecret,
    }
    return new DemoVendors({ carrier, vendor, openAi, reports, access })
  }

  /** Has the carrier call this origin, and the voice vendor report there. */
  callAt(origin: string): void {
    this.#reports.url = `${origin}/webhook/elevenlabs/postcall`
    if (!this.carrier) return
    this.carrier.number.voiceUrl = `${origin}/webhooks/inbound`
    this.carrier.number.statusCallback = `${origin}/webhooks/call-status`
  }

  remember(voices: readonly KnownVoice[]): void {
    for (const { voiceId, name, createdAt } of voices) {
      if (this.#vendor?.voices.has(voiceId)) continue
      this.#vendor?.voices.set(voiceId, {
        voiceId,
        name,
        category: 'cloned',
        description: null,
        labels: {},
        samples: [],
        createdAt: new Date(createdAt),
      })
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.carrier?.stop(), this.#vendor?.stop(), this.#openAi?.stop()])
  }
}

/** Where everything is real, an agent without a key is a mistake, and no simulated one answers for it. */
const lacksOpenAi = ({ openAi, carrier, agentVendor }: Config): boolean =>
  openAi.apiKey === null && (carrier === 'simulated' || agentVendor === 'simulated')

function simulatedCarrier({ twilio }: Config, authToken: string, log: Logger): Promise<Carrier> {
  return startCarrier({
    accountSid: `AC${randomBytes(16).toString('hex')}`,
    phoneNumber: twilio.phoneNumber ?? DEMO_NUMBER,
    speak: ({ text }) => speak(text),
    authToken,
    log,
  })
}

/** The settings with the simulated vendors' origins and credentials in place of those that are missing. */
export function withVendors(config: Config, access: VendorAccess): Config {
  const { carrier, vendor, openAi, webhookSecret } = access
  const onlyTheCarrierCanSign = carrier !== null && !config.twilio.skipSignatureValidation
  return {
    ...config,
    http: { ...config.http, publicUrl: onlyTheCarrierCanSign ? null : config.http.publicUrl },
    twilio: { ...config.twilio, ...carrier },
    openAi: { ...config.openAi, ...openAi },
    elevenLabs: vendor ? { ...vendor, agentId: DEMO_AGENT, webhookSecret } : config.elevenLabs,
  }
}

const secret = () => randomBytes(16).toString('hex')
