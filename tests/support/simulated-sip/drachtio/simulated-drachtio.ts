import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { SimulatedNetwork } from '../sip-network.ts'
import { AppConnection, type AppMessage } from './app-connection.ts'
import { Signalling } from './signalling.ts'

export type DrachtioOptions = {
  log: Logger
  /** What apps must say to be let in. */
  secret?: string
  network?: SimulatedNetwork
  /** Its SIP address, "host:port". */
  sipAddress?: string
  /** Where apps connect on 127.0.0.1; 0, the default, is any free port. */
  port?: number
}

/** What a server of this age answers to a login. */
const VERSION = 'v0.9.10'

/**
 * A drachtio-server for tests: apps connect to it over TCP as to the real one (drachtio-srf does not know the difference);
 * SIP goes over the simulated network. See also SimulatedPhone and SimulatedFreeSwitch, which live on the same network.
 */
export class SimulatedDrachtio {
  readonly host = '127.0.0.1'
  readonly network: SimulatedNetwork
  readonly secret: string
  /** "host:port" to which calls are sent. */
  readonly sipAddress: string
  /** While true, connections of apps are cut as they come in. */
  refusesConnections = false
  /** Where it says that it takes SIP over TLS, "host:port"; null for nowhere. */
  tlsAddress: string | null = null
  /** Messages to apps wait so long for others and come in one piece, as over a slow connection. */
  heldBackMs = 0
  /** How often it has died of what it was sent; `listen` starts it again. */
  crashes = 0
  readonly #log: Logger
  readonly #server = createServer((socket) => this.#accept(socket))
  readonly #apps = new Set<AppConnection>()
  #signalling: Signalling
  #port: number
  #turn = 0

  constructor({
    log,
    secret = 'cymru',
    network = new SimulatedNetwork(),
    sipAddress = '127.0.0.1:5060',
    port = 0,
  }: DrachtioOptions) {
    this.#log = log
    this.secret = secret
    this.network = network
    this.sipAddress = sipAddress
    this.#port = port
    this.#signalling = this.#newSignalling()
  }

  /** Rejects when the port is taken. May be called again after `stop`: it is back at the same port, and knows of no call. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, this.host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    this.#signalling = this.#newSignalling()
    this.network.attach(this.#signalling)
  }

  /** Where apps connect. */
  get port(): number {
    return this.#port
  }

  /** Apps that have logged in. */
  get appCount(): number {
    return [...this.#apps].filter((app) => app.isAuthenticated).length
  }

  get dialogCount(): number {
    return this.#signalling.dialogCount
  }

  /** Cuts every app's connection, as a network does that breaks. Dialogs live on here, and nobody hears of them any more. */
  dropApps(): void {
    for (const app of this.#apps) app.cut()
  }

  /** Hears nothing more of the apps that are connected, as when a buffer has overflowed; their connections stay open. */
  deafen(): void {
    for (const app of this.#apps) app.isDeaf = true
  }

  /** Ends a call with a BYE to both sides, as the server does when the ACK or the refresh of a session did not come. */
  endDialog(callId: string, reason: 'ACK timeout' | 'Session timer expired'): void {
    this.#signalling.endDialog(callId, reason)
  }

  /** Is gone without a word: phones get no answer, apps lose their connections. */
  async stop(): Promise<void> {
    this.network.detach(this.#signalling)
    this.dropApps()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #newSignalling(): Signalling {
    const { network, sipAddress: address } = this
    const onCrash = () => {
      this.crashes++
      void this.stop()
    }
    return new Signalling({ address, network, selectApp: (verb) => this.#selectApp(verb), onCrash })
  }

  #accept(socket: Socket): void {
    if (this.refusesConnections) {
      socket.destroy()
      return
    }
    const app = new AppConnection(socket, {
      onMessage: (message) => this.#take(app, message),
      onClose: () => this.#apps.delete(app),
      heldBackMs: () => this.heldBackMs,
    })
    this.#apps.add(app)
  }

  #take(app: AppConnection, message: AppMessage): void {
    const { id, type, tokens } = message
    const [word = ''] = tokens
    if (type === 'sip') this.#signalling.obey(app, message)
    else if (type === 'proxy') this.#signalling.proxy(app, message)
    else if (type === 'authenticate') this.#authenticate(app, id, word)
    else if (type === 'ping') app.reply(id, 'OK', 'pong')
    else if (type === 'route' || type === 'remove_route')
      this.#route(app, id, { word, isWanted: type === 'route' })
    else this.#refuse(app, id, 'Unknown message type')
  }

  #route(app: AppConnection, id: string, { word, isWanted }: { word: string; isWanted: boolean }): void {
    if (isWanted) app.verbs.add(word)
    else app.verbs.delete(word)
    app.reply(id, 'OK')
  }

  #authenticate(app: AppConnection, id: string, secret: string): void {
    if (secret !== this.secret) {
      this.#refuse(app, id, 'incorrect secret')
      return
    }
    app.isAuthenticated = true
    const secure = this.tlsAddress ? [`tls/${this.tlsAddress}`] : []
    const transports = [`tcp/${this.sipAddress}`, `udp/${this.sipAddress}`, ...secure].join()
    app.reply(id, 'OK', `${transports}|${VERSION}|${transports}`)
  }

  #refuse(app: AppConnection, id: string, reason: string): void {
    this.#log.debug({ reason }, 'simulated drachtio-server hangs up on an app')
    app.reply(id, 'NO', reason)
    app.end()
  }

  /** Apps that want the same requests get them in turn. */
  #selectApp(verb: string): AppConnection | null {
    const willing = [...this.#apps].filter((app) => app.isOpen && app.verbs.has(verb))
    return willing[this.#turn++ % willing.length] ?? null
  }
}
