import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Service } from '../composition/service.ts'
import type { Storage } from '../composition/storage.ts'
import { originHere } from '../config/advertised-address.ts'
import type { Config } from '../config/config.ts'
import { contentOf } from '../runtime/spool.ts'
import { attachPhone } from '../simulator/phone/attach-phone.ts'
import { PHONE_PATH } from '../simulator/phone/phone-messages.ts'
import { DemoVendors, type KnownVoice, withVendors } from './demo-vendors.ts'

/** The demo's caller with a voice of their own. */
const DEMO_CALLER = '+15550100001'
const CALLER_SAMPLE = new URL('../simulator/assets/caller-sample.wav', import.meta.url)

/** What a service is given that has no real vendors, or not all of them. */
export interface Demo {
  /** The settings with the simulated vendors in place of those that are missing. */
  readonly config: Config
  /** Ends this process as a crash would; null when nobody would start it again. */
  readonly kill: (() => void) | null
  /** Joins the vendors to a service that takes calls. */
  connect(service: Service, storage: Storage): Promise<void>
  stop(): Promise<void>
}

/** The vendors in the service's own process. */
export class OneProcessDemo implements Demo {
  readonly config: Config
  readonly kill = null
  readonly #vendors: DemoVendors

  private constructor(config: Config, vendors: DemoVendors) {
    this.config = withVendors(config, vendors.access)
    this.#vendors = vendors
  }

  /** Starts what the settings lack; nothing, when they name real vendors. */
  static async start(config: Config, log: Logger): Promise<OneProcessDemo> {
    return new OneProcessDemo(config, await DemoVendors.start(config, log))
  }

  async connect(service: Service, storage: Storage): Promise<void> {
    this.#vendors.callAt(originHere(this.config.http.host, service.port))
    const { carrier, access } = this.#vendors
    if (access.vendor) this.#vendors.remember(await knownVoices(storage))
    if (!carrier) return
    const { server, upgradePaths, mayAdmin } = service.http
    upgradePaths.add(PHONE_PATH)
    attachPhone({ server, carrier, authorize: mayAdmin })
    await giveVoice(service)
  }

  async stop(): Promise<void> {
    await this.#vendors.stop()
  }
}

export async function knownVoices(storage: Storage): Promise<KnownVoice[]> {
  const clones = await storage.voices.readyClones()
  return clones.flatMap(({ vendorVoiceId, sampleKey, requestedAt }) =>
    vendorVoiceId ? [{ voiceId: vendorVoiceId, name: sampleKey, createdAt: requestedAt.toISOString() }] : [],
  )
}

export async function giveVoice(service: Service): Promise<void> {
  await service.callerVoices.save({
    callerId: DEMO_CALLER,
    name: "The demo's caller",
    consent: { by: 'Nobody: the sample is synthetic speech', at: new Date() },
    files: [{ fileName: 'caller-sample.wav', content: contentOf(await readFile(CALLER_SAMPLE)) }],
  })
}
