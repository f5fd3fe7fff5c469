import Mrf from 'drachtio-fsmrf'
import Srf from 'drachtio-srf'
import { vi } from 'vitest'
import type { InviteOptions, SipCall } from '../support/simulated-sip/phone/sip-call.ts'
import type { SimulatedSip } from '../support/simulated-sip/start-sip-network.ts'
import { addressesOf, type SipServers } from '../support/sip-servers.ts'

const FORK_EVENTS = ['connect', 'connect_failed', 'disconnect', 'play_audio', 'kill_audio', 'json', 'error']
const ENDPOINT_EVENTS = ['playback-start', 'playback-stop', 'dtmf', 'destroy']

/** How long anything may take to happen. */
const SOON = { timeout: 4000, interval: 5 }

/** Servers, and the phones beyond them. */
type CallableServers = Pick<SipServers, 'settings' | 'phone'>
type InviteHandler = (req: Srf.SrfRequest, res: Srf.SrfResponse) => void
/** drachtio-srf has a method for every kind of request; its types know only of this one. */
type Routing = { options: (handler: InviteHandler) => void }

/** What was told, in the order in which it came: an event and what came with it. */
export type Told = [event: string, detail: unknown][]

/** A call that the app has answered through an endpoint. */
export type Leg = {
  call: SipCall
  req: Srf.SrfRequest
  dialog: Srf.Dialog
  endpoint: Mrf.Endpoint
  told: Told
}

/** An app of drachtio-srf and drachtio-fsmrf, as their users write them. */
export class SipApp {
  readonly srf: Srf
  readonly mediaServer: Mrf.MediaServer
  readonly #servers: CallableServers
  readonly #handlers: InviteHandler[] = []

  private constructor(srf: Srf, mediaServer: Mrf.MediaServer, servers: CallableServers) {
    this.srf = srf
    this.mediaServer = mediaServer
    this.#servers = servers
    srf.invite((req, res) => (this.#handlers.shift() ?? busy)(req, res))
  }

  static async start(servers: CallableServers): Promise<SipApp> {
    const { settings } = servers
    const srf = await connectedSrf(servers)
    const mrf = new Mrf(srf, { customEvents: FORK_EVENTS.map((event) => `mod_audio_fork::${event}`) })
    const mediaServer = await mrf.connect({
      address: settings.FREESWITCH_HOST ?? '',
      port: Number(settings.FREESWITCH_PORT),
      secret: settings.FREESWITCH_SECRET,
      listenAddress: '127.0.0.1',
    })
    // Otherwise every command takes 40 ms: the library writes it in two pieces.
    mediaServer.conn.socket?.setNoDelay(true)
    const app = new SipApp(srf, mediaServer, servers)
    await app.#isRouted()
    return app
  }

  get phone(): SipServers['phone'] {
    return this.#servers.phone
  }

  /** Whether mod_audio_fork plays what is streamed to it: the module says so itself. */
  async streams(): Promise<boolean> {
    return (await this.mediaServer.api('uuid_audio_fork')).includes('bidirectionalAudio')
  }

  /** Hands the next INVITE to `handler`; one that nobody expects is busy. */
  expect(handler: InviteHandler): void {
    this.#handlers.push(handler)
  }

  /** Calls, and hands the INVITE to `handler`. */
  call(handler: InviteHandler, options: Partial<InviteOptions> = {}): SipCall {
    this.expect(handler)
    return this.phone.invite({ from: '+15550001111', to: '100', ...options })
  }

  /** Calls, and answers through an endpoint. */
  async answeredCall(options: Partial<InviteOptions> = {}): Promise<Leg> {
    const { promise, resolve, reject } = Promise.withResolvers<Omit<Leg, 'call'>>()
    const call = this.call((req, res) => this.#answer(req, res).then(resolve, reject), options)
    const leg = { call, ...(await promise) }
    await toldOf(leg, 'dialog ack')
    return leg
  }

  /** Ends what is left of a call. */
  async end({ call, dialog, endpoint }: Leg): Promise<void> {
    await endpoint.destroy()
    if (!call.isOver) dialog.destroy()
    await call.ended
  }

  stop(): void {
    this.mediaServer.disconnect()
    this.srf.disconnect()
  }

  async #answer(req: Srf.SrfRequest, res: Srf.SrfResponse): Promise<Omit<Leg, 'call'>> {
    const endpoint = await this.mediaServer.createEndpoint({ remoteSdp: req.body })
    endpoint.conn?.socket?.setNoDelay(true)
    const told: Told = []
    for (const event of [...ENDPOINT_EVENTS, ...FORK_EVENTS.map((name) => `mod_audio_fork::${name}`)])
      endpoint.on(event, (detail) => told.push([event, detail]))
    const dialog = await this.srf.createUAS(req, res, { localSdp: endpoint.local.sdp })
    for (const event of ['ack', 'destroy']) dialog.once(event, () => told.push([`dialog ${event}`, null]))
    return { req, dialog, endpoint, told }
  }

  /** Routes are asked for and not waited for: the app is there when its OPTIONS are answered. */
  async #isRouted(): Promise<void> {
    await eventually(async () => {
      const { status } = await this.phone.request('OPTIONS')
      if (status !== 200) throw new Error(`OPTIONS is answered with ${status}.`)
    })
  }
}

/** Simulated servers, as an app is told of them. */
export function serversOf(simulated: SimulatedSip): CallableServers {
  return { phone: simulated.phone, settings: addressesOf(simulated) }
}

const busy: InviteHandler = (_req, res) => res.send(486)

/** Connects to the drachtio-server. Rejects when it refuses. */
export async function connectedSrf(
  { settings }: Pick<SipServers, 'settings'>,
  secret = settings.DRACHTIO_SECRET,
): Promise<Srf> {
  const srf = new Srf()
  srf.on('error', () => {})
  const routing = srf as unknown as Routing
  routing.options((_req, res) => res.send(200))
  void srf.connect({ host: settings.DRACHTIO_HOST, port: Number(settings.DRACHTIO_PORT), secret })
  await new Promise<void>((resolve, reject) =>
    srf.on('connect', (error) => (error ? reject(error) : resolve())),
  )
  return srf
}

/** Resolves when the leg was told of an event for the `count`th time, with what came with it. */
export function toldOf({ told }: { told: Told }, event: string, count = 1): Promise<unknown> {
  return eventually(() => {
    const found = told.filter(([name]) => name === event)[count - 1]
    if (!found)
      throw new Error(`"${event}" was not told; these were: ${told.map(([name]) => name).join(', ')}.`)
    return found[1]
  })
}

export function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, SOON)
}
