import type { Logger } from 'pino'
import type { VoiceAgents } from '../composition/voice-agents.ts'
import type { Config } from '../config/config.ts'
import { withTimeout } from '../runtime/with-timeout.ts'
import type { TwilioAdapter } from '../telephony/twilio/adapter.ts'
import type { VendorPolicy } from '../voices/vendor-policy.ts'

/** Resolves with `ok`, or with what is wrong in a few words that name no host and no key. Takes a bounded time. */
export type AskVendor = (signal: AbortSignal) => Promise<string>

/** Often enough for a person who looks, and far below what any vendor counts. */
const ASK_EVERY_MS = 60_000
/** Whoever mends something wants to see it soon. */
const ASK_AGAIN_MS = 15_000
/** Load balancers that look at the health of a node do not wait for its vendors. */
const PATIENCE_MS = 500

/** Whether a vendor answers and takes our credentials: asked in the background, so that `/health` need not. */
export class VendorCheck {
  readonly #name: string
  readonly #ask: AskVendor
  readonly #log: Logger
  readonly #stopping = new AbortController()
  #verdict = 'not checked yet'
  #timer: NodeJS.Timeout | null = null
  #asking: Promise<void> = Promise.resolve()

  constructor(options: { name: string; ask: AskVendor; log: Logger }) {
    this.#name = options.name
    this.#ask = options.ask
    this.#log = options.log
  }

  start(): void {
    this.#asking = this.#look()
  }

  /** An answer that is still awaited is not listened to any more. */
  stop(): void {
    this.#stopping.abort()
    if (this.#timer) clearTimeout(this.#timer)
  }

  /** What the vendor said last; whoever asks before it has said anything waits a moment. */
  async read(): Promise<string> {
    if (this.#timer === null) await withTimeout(PATIENCE_MS, this.#asking, 'not yet').catch(() => {})
    return this.#verdict
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    const verdict = await this.#ask(signal).catch(() => 'unreachable')
    if (signal.aborted) return
    if (verdict !== this.#verdict) this.#tell(verdict)
    this.#verdict = verdict
    this.#timer = setTimeout(() => this.start(), verdict === 'ok' ? ASK_EVERY_MS : ASK_AGAIN_MS)
  }

  #tell(verdict: string): void {
    const said = { vendor: this.#name, verdict }
    if (verdict === 'ok') this.#log.info(said, 'a vendor answers')
    else this.#log.warn(said, 'a vendor does not answer as it should; npm run doctor says more')
  }
}

/** What `/health` says of the vendors. */
export class VendorHealth {
  readonly #policy: VendorPolicy
  readonly #refusal: () => string | null
  readonly #voices: VendorCheck | 'simulated'
  readonly #carrier: VendorCheck | 'simulated' | 'no REST credentials'

  constructor(parts: {
    config: Config
    agents: VoiceAgents
    twilio: TwilioAdapter
    policy: VendorPolicy
    log: Logger
  }) {
    const { config, agents, twilio, policy, log } = parts
    this.#policy = policy
    this.#refusal = () => agents.refusal
    const askVoices: AskVendor = (signal) => agents.checkVendor(signal)
    this.#voices =
      config.agentVendor === 'simulated'
        ? 'simulated'
        : new VendorCheck({ name: 'elevenlabs', ask: askVoices, log })
    const askCarrier = twilio.checkAccount
    if (config.carrier === 'simulated') this.#carrier = 'simulated'
    else if (!askCarrier) this.#carrier = 'no REST credentials'
    else this.#carrier = new VendorCheck({ name: 'twilio', ask: askCarrier, log })
  }

  start(): void {
    for (const check of this.#checks) check.start()
  }

  stop(): void {
    for (const check of this.#checks) check.stop()
  }

  /**
   * That the vendor is left alone, because clones failed, says more than that it answers, and so does what it refuses to change
   * about its agent.
   */
  async read(): Promise<{ elevenlabs: string; twilio: string }> {
    const [voices, twilio] = await Promise.all([said(this.#voices), said(this.#carrier)])
    const ofCloning = this.#policy.state
    return { elevenlabs: ofCloning === 'ok' ? (this.#refusal() ?? voices) : ofCloning, twilio }
  }

  get #checks(): VendorCheck[] {
    return [this.#voices, this.#carrier].filter((check) => check instanceof VendorCheck)
  }
}

const said = async (check: VendorCheck | string): Promise<string> =>
  typeof check === 'string' ? check : check.read()
