import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { speak } from '../simulator/assets/speech.ts'
import { type Carrier, startCarrier } from '../simulator/carrier/carrier.ts'
import type { PostCallWebhook } from '../simulator/elevenlabs/post-call.ts'
import { type SimulatedElevenLabs, startElevenLabs } from '../simulator/elevenlabs/start-elevenlabs.ts'
import { attachPhone } from '../simulator/phone/attach-phone.ts'
import type { Service } from './service.ts'
import type { Storage } from './storage.ts'

/*
 * What stands in for the vendors whose keys are not set: a carrier and a voice vendor that speak the real protocols over
 * real sockets. The service does not know the difference; only its settings name other origins.
 */

/** Longer than the greeting, so that the hold music is heard too. */
const CLONE_MS = 10_000
const DEMO_AGENT = 'agent_demo'
const DEMO_NUMBER = '+15550100000'
/** The demo's caller with a voice of their own. */
const DEMO_CALLER = '+15550100001'
const CALLER_SAMPLE = new URL('../simulator/assets/caller-sample.wav', import.meta.url)
const PHONE_PATH = '/simulator/phone'

/** What the simulated vendors and the service must agree on. */
type DemoKeys = { authToken: string; apiKey: string; webhookSecret: string }

export class Demo {
  readonly #carrier: Carrier | null
  readonly #vendor: SimulatedElevenLabs | null
  readonly #reports: PostCallWebhook
  /** The settings with the simulated vendors' origins and credentials in place of those that are missing. */
  readonly config: Config

  private constructor(
    config: Config,
    carrier: Carrier | null,
    vendor: SimulatedElevenLabs | null,
    reports: PostCallWebhook,
  ) {
    this.config = config
    this.#carrier = carrier
    this.#vendor = vendor
    this.#reports = reports
  }

  /** Starts what the settings lack; nothing, when they name real vendors. */
  static async start(config: Config, log: Logger): Promise<Demo> {
    const webhookSecret = config.elevenLabs.webhookSecret ?? secret()
    const keys = { authToken: secret(), apiKey: secret(), webhookSecret }
    // Where the reports go is known when the service listens.
    const reports = { url: '', secret: webhookSecret }
    const carrier = config.carrier === 'simulated' ? await simulatedCarrier(config, keys, log) : null
    const vendor =
      config.agentVendor === 'simulated'
        ? await startElevenLabs({
            ...{ apiKey: keys.apiKey, agentId: DEMO_AGENT, cloneDelayMs: CLONE_MS },
            ...{ postCallWebhook: reports, log },
          })
        : null
    return new Demo(withSimulated(config, carrier, vendor, keys), carrier, vendor, reports)
  }

  /** Has the carrier call the service, gives the demo's caller a voice, and puts a telephone on the service's server. */
  async connect(service: Service, storage: Storage): Promise<void> {
    const origin = `http://127.0.0.1:${service.port}`
    this.#reports.url = `${origin}/webhook/elevenlabs/postcall`
    if (this.#vendor) await rememberVoices(this.#vendor, storage)
    if (!this.#carrier) return
    this.#carrier.number.voiceUrl = `${origin}/webhooks/inbound`
    this.#carrier.number.statusCallback = `${origin}/webhooks/call-status`
    service.upgradePaths.add(PHONE_PATH)
    attachPhone({
      server: service.server,
      path: PHONE_PATH,
      carrier: this.#carrier,
      authorize: (request) => service.mayAdmin(request),
    })
    await giveVoice(service)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#carrier?.stop(), this.#vendor?.stop()])
  }
}

function simulatedCarrier({ twilio }: Config, { authToken }: DemoKeys, log: Logger): Promise<Carrier> {
  return startCarrier({
    accountSid: `AC${randomBytes(16).toString('hex')}`,
    phoneNumber: twilio.phoneNumber ?? DEMO_NUMBER,
    speak: ({ text }) => speak(text),
    ...{ authToken, log },
  })
}

function withSimulated(
  config: Config,
  carrier: Carrier | null,
  vendor: SimulatedElevenLabs | null,
  keys: DemoKeys,
): Config {
  const { accountSid, apiBaseUrl, number } = carrier ?? {}
  const onlyTheCarrierCanSign = carrier !== null && !config.twilio.skipSignatureValidation
  return {
    ...config,
    http: { ...config.http, publicUrl: onlyTheCarrierCanSign ? null : config.http.publicUrl },
    twilio: carrier
      ? {
          ...config.twilio,
          ...{ accountSid: accountSid ?? null, authToken: keys.authToken, apiBaseUrl: apiBaseUrl ?? '' },
          phoneNumber: number?.phoneNumber ?? null,
        }
      : config.twilio,
    elevenLabs: vendor
      ? {
          ...{ apiKey: keys.apiKey, agentId: DEMO_AGENT, baseUrl: vendor.url },
          webhookSecret: keys.webhookSecret,
        }
      : config.elevenLabs,
  }
}

/** A simulated vendor that starts again has lost the voices that the database still knows. */
async function rememberVoices(vendor: SimulatedElevenLabs, storage: Storage): Promise<void> {
  for (const { vendorVoiceId, sampleKey, requestedAt } of await storage.voices.readyClones()) {
    if (!vendorVoiceId) continue
    vendor.voices.set(vendorVoiceId, {
      ...{ voiceId: vendorVoiceId, name: sampleKey, category: 'cloned', description: null, labels: {} },
      ...{ samples: [], createdAt: requestedAt },
    })
  }
}

async function giveVoice(service: Service): Promise<void> {
  await service.callerVoices.save({
    callerId: DEMO_CALLER,
    name: "The demo's caller",
    consent: { by: 'Nobody: the sample is synthetic speech', at: new Date() },
    files: [{ fileName: 'caller-sample.wav', mimeType: 'audio/wav', bytes: await readFile(CALLER_SAMPLE) }],
  })
}

const secret = () => randomBytes(16).toString('hex')
