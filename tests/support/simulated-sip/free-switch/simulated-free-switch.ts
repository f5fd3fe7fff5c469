import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Logger } from 'pino'
import { type AudioDescription, hasFittingProfile, readSdp, speaksTelephone } from '../sdp.ts'
import { responseTo, type SipHeaders, type SipRequest } from '../sip-message.ts'
import type { Respond, SimulatedNetwork, SipParty } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { apiCommand } from './api-commands.ts'
import { runApplication } from './applications.ts'
import type { Channel, ChannelHost } from './channel.ts'
import { EventSockets } from './event-sockets.ts'
import { FreeSwitchFaults } from './faults.ts'
import type { ForkModule } from './fork-command.ts'
import { clockFrames, type Frames } from './frames.ts'
import { HttpFiles } from './http-files.ts'
import { SipLeg } from './sip-leg.ts'
import type { ForkRelease } from './streamed-audio.ts'
import { switchEvent } from './switch-event.ts'

export type FreeSwitchOptions = {
  log: Logger
  /** The network of the drachtio-server that apps use. */
  network: SimulatedNetwork
  password?: string
  /** Its SIP address, "host:port". */
  sipAddress?: string
  profile?: string
  /** Which mod_audio_fork is loaded. */
  module?: ForkModule
  /** Of the streaming module; that of the published image by default. */
  release?: ForkRelease
  maxSessions?: number
  /** Time; by default the real one. */
  frames?: Frames
  /** How often apps hear how it is, in milliseconds. */
  heartbeatMs?: number
  /** Where apps connect on 127.0.0.1; 0, the default, is any free port. */
  port?: number
}

const HEARTBEAT_MS = 20_000

/**
 * A FreeSWITCH for tests, with event socket and mod_audio_fork: drachtio-fsmrf connects to it as to the real one, sends it
 * INVITEs through the drachtio-server on the same network, and is called back over TCP for each channel.
 */
export class SimulatedFreeSwitch implements SipParty {
  readonly host = '127.0.0.1'
  readonly address: string
  readonly faults = new FreeSwitchFaults()
  readonly channels = new Map<string, Channel>()
  readonly http = new HttpFiles()
  /** Every API command and every executed application that apps have asked for, in order. */
  readonly commands: string[] = []
  readonly #options: Required<FreeSwitchOptions>
  readonly #sockets: EventSockets
  readonly #legs = new Map<string, SipLeg>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #server = createServer((socket) => this.#sockets.accept(socket))
  #heartbeat: NodeJS.Timeout | null = null
  #port = 0

  constructor(options: FreeSwitchOptions) {
    this.#options = {
      password: 'ClueCon',
      sipAddress: '127.0.0.1:5080',
      profile: 'drachtio_mrf',
      module: 'streaming',
      release: '1.2.22',
      maxSessions: 1200,
      frames: clockFrames(),
      heartbeatMs: HEARTBEAT_MS,
      port: 0,
      ...options,
    }
    this.address = this.#options.sipAddress
    this.#port = this.#options.port
    const { password } = this.#options
    this.#sockets = new EventSockets(
      {
        password,
        api: (command) => this.#api(command),
        channel: (uuid) => this.channels.get(uuid),
        onExecute: (application) => this.commands.push(application),
      },
      this.faults,
    )
  }

  /** Rejects when the port is taken. May be called again after `stop`: then it is back at the same port. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, this.host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    this.#options.network.attach(this)
    this.#heartbeat = setInterval(() => this.heartbeat(), this.#options.heartbeatMs)
  }

  /** Where apps connect to the event socket. */
  get port(): number {
    return this.#port
  }

  get password(): string {
    return this.#options.password
  }

  /** Tells apps how many sessions there are. */
  heartbeat(): void {
    this.#sockets.fire(
      switchEvent('HEARTBEAT', {
        'Event-Info': 'System Ready',
        'FreeSWITCH-Version': '1.10.11-release+simulated',
        'Max-Sessions': `${this.#options.maxSessions}`,
        'Session-Count': `${this.channels.size}`,
        'Session-Per-Sec': '80',
        'Session-Since-Startup': `${this.channels.size}`,
        'Idle-CPU': '98.000000',
      }),
    )
  }

  /** Cuts the event sockets, all of them or those that apps opened, as a network does that breaks. */
  dropEventSockets(which: 'all' | 'inbound' = 'all'): void {
    this.#sockets.cut(which)
  }

  /** Dies as a killed process does: no BYE, no word on any socket. `listen` brings it back, without its calls. */
  async kill(): Promise<void> {
    this.#sockets.cut('all')
    for (const leg of this.#legs.values()) leg.die()
    await this.#close()
  }

  /** Goes away in order: hangs up every call, says goodbye. */
  async stop(): Promise<void> {
    for (const channel of [...this.channels.values()]) channel.hangUp('SYSTEM_SHUTDOWN')
    this.#sockets.end()
    await this.#close()
  }

  receive(request: SipRequest, source: string, respond: Respond): void {
    if (this.faults.hangs) return
    const leg = this.#legs.get(request.headers.get('Call-ID'))
    if (leg) leg.receive(request, respond)
    else if (request.method === 'INVITE') this.#invited(request, source, respond)
    else if (request.method !== 'ACK') respond(responseTo(request, request.method === 'OPTIONS' ? 200 : 481))
  }

  #invited(request: SipRequest, source: string, respond: Respond): void {
    const offer = request.body ? readSdp(request.body) : null
    const refusal = this.#refusal(request, offer)
    respond(responseTo(request, refusal ?? 100, refusal ? { toTag: newTag() } : {}))
    if (!refusal) this.#begin(request, { source, offer, respond })
  }

  #refusal({ headers, body }: SipRequest, offer: AudioDescription | null): number | null {
    if (this.faults.refuseInvites) return this.faults.refuseInvites
    if (this.channels.size >= this.#options.maxSessions) return 503
    // The dialplan lets nobody else in.
    if (!headers.get('User-Agent').startsWith('drachtio-fsmrf:')) return 403
    if (body && !(speaksTelephone(offer) && hasFittingProfile(body))) return 488
    return null
  }

  #begin(
    request: SipRequest,
    { source, offer, respond }: { source: string; offer: AudioDescription | null; respond: Respond },
  ): void {
    const { headers } = request
    const callId = headers.get('Call-ID')
    const leg = new SipLeg(request, {
      source,
      offer,
      respond,
      address: this.address,
      host: this.#channelHost,
      onReady: () => this.#after(this.faults.socketDelayMs, () => this.#callApp(leg.channel, headers)),
      onHangUp: () => {
        this.channels.delete(leg.channel.uuid)
        this.#sockets.letGo(leg.channel)
      },
      onOver: () => this.#legs.delete(callId),
    })
    this.#legs.set(callId, leg)
    this.channels.set(leg.channel.uuid, leg.channel)
    this.#after(this.faults.answerDelayMs, () => leg.answer())
  }

  get #channelHost(): ChannelHost {
    const { network, frames } = this.#options
    const { http } = this
    return {
      network,
      frames,
      fire: (event) => this.#sockets.fire(event),
      run: (channel, application, argument) => runApplication(channel, { application, argument, http }),
    }
  }

  #callApp(channel: Channel, headers: SipHeaders): void {
    if (channel.isUp && !this.faults.neverCallsApp) this.#sockets.call(channel, headers.get('X-esl-outbound'))
  }

  async #api(command: string): Promise<string> {
    this.commands.push(command)
    if (this.faults.hangs) return new Promise(() => {})
    const { profile, sipAddress, module, release, maxSessions } = this.#options
    const fork = { module, release, coalescedFrames: this.faults.coalescedFrames }
    const host = { channels: this.channels, http: this.http, profile, sipAddress, fork, maxSessions }
    return this.faults.takeFailure(command) ?? apiCommand(command, host)
  }

  /** Now, or later when a test wants it slow. */
  #after(milliseconds: number, task: () => void): void {
    if (milliseconds === 0) {
      task()
      return
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      task()
    }, milliseconds)
    this.#timers.add(timer)
  }

  async #close(): Promise<void> {
    this.#options.network.detach(this)
    if (this.#heartbeat) clearInterval(this.#heartbeat)
    for (const timer of this.#timers) clearTimeout(timer)
    this.http.stop()
    this.channels.clear()
    this.#legs.clear()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#sockets.cut('all')
    await closed
    this.#server = createServer((socket) => this.#sockets.accept(socket))
  }
}
