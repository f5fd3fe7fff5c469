import type { InviteOptions, SipCall } from '../support/simulated-sip/phone/sip-call.ts'
import { CallRecord } from './call-record.ts'
import type { ServiceProcess } from './service-process.ts'
import type { SimulatedSip } from './simulated-sip/start-sip-network.ts'
import { SIP_TIME_SCALE, type SipServers, sipServers, untilSipIs } from './sip-servers.ts'
import { SERVICE_NUMBER, World, type WorldOptions } from './world.ts'

export type SipWorldOptions = WorldOptions & {
  module?: 'streaming' | 'playAudio'
  /** Settings of each process, over those of all; one that plays every part by default. */
  processes?: Record<string, string>[]
}

/** Real time is slow: against real servers every wait may take twenty times as long. */
const PATIENCE_MS = 12_000 / (SIP_TIME_SCALE < 1 ? 1 : 0.4)

/** A world whose callers come over SIP. */
export class SipWorld {
  readonly world: World
  readonly servers: SipServers

  private constructor(world: World, servers: SipServers) {
    this.world = world
    this.servers = servers
  }

  static async begin(options: SipWorldOptions = {}): Promise<SipWorld> {
    const { processes = [{}], module, settings, ...rest } = options
    const servers = await sipServers({ module, timeScale: options.timeScale })
    const world = await World.begin({
      timeScale: SIP_TIME_SCALE,
      ...rest,
      nodes: 0,
      settings: { ...servers.settings, ...settings },
    })
    const sip = new SipWorld(world, servers)
    for (const own of processes) await sip.startNode(own)
    const holder = sip.nodes.at(-1)
    if (holder) await sip.takesCalls(holder)
    return sip
  }

  get nodes(): ServiceProcess[] {
    return this.world.nodes
  }

  /** The servers, where they are simulated. */
  get simulated(): SimulatedSip {
    const { simulated } = this.servers
    if (!simulated) throw new Error('These servers are real.')
    return simulated
  }

  startNode(settings: Record<string, string> = {}): Promise<ServiceProcess> {
    return this.world.startNode(settings)
  }

  /** Resolves when `/health` says so of SIP. */
  async takesCalls(node = this.world.node, health = 'ok'): Promise<void> {
    await untilSipIs(node, health)
  }

  /** Somebody dials the number. */
  call(options: Partial<InviteOptions> = {}): SipStoryCall {
    return new SipStoryCall(this, { from: this.world.newCaller(), to: SERVICE_NUMBER, ...options })
  }

  async end(): Promise<void> {
    for (const call of this.servers.phone.calls) if (call.isAnswered && !call.isOver) void call.bye()
    try {
      await this.world.end()
    } finally {
      await this.servers.stop()
    }
  }
}

/** A SIP call as a story follows it: the phone, and what is written down. */
export class SipStoryCall extends CallRecord {
  readonly line: SipCall

  constructor({ world, servers }: SipWorld, options: InviteOptions) {
    super(world)
    this.line = servers.phone.invite(options)
  }

  override get sid(): string {
    return this.line.callId
  }

  /** Resolves with the final status of the INVITE. */
  async answer(): Promise<number> {
    return (await this.line.final).status
  }

  /** Resolves when the caller hears something louder than a line's own noise. */
  async hears(what: string, from = 0): Promise<void> {
    await this.until(`hears ${what}`, async () => loudest(this.line.voice.heard.subarray(from)) > LOUD)
  }

  /** Resolves with the outcome when the call is over for us. */
  outcome(): Promise<string> {
    return this.until('has an outcome', async () => (await this.row())?.outcome ?? null)
  }

  protected override tell(): unknown {
    const { responses, requests, voice } = this.line
    return {
      responses: responses.map(({ status }) => status),
      requests: requests.map(({ method }) => method),
      heardFrames: voice.heardFrames,
    }
  }

  protected override get patienceMs(): number {
    return PATIENCE_MS
  }
}

/** Music and speech go far above it. */
const LOUD = 1_000

export const loudest = (samples: Int16Array): number =>
  samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
