import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { originHere } from '../config/advertised-address.ts'
import type { Config } from '../config/config.ts'
import { surviveResets } from '../http/upgrades.ts'
import { attachPhone } from '../simulator/phone/attach-phone.ts'
import { DEMO_SERVICE, type ToService, type ToWorld } from './demo-messages.ts'
import { DemoVendors } from './demo-vendors.ts'

/** A console and a few calls open some dozens; what comes while the service is away waits for it. */
const MAX_WAITING = 1_000
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/** Whether nothing of a real carrier takes part, so that the service may be killed in front of people. */
export const isWholeDemo = ({ carrier, sip, roles }: Config): boolean =>
  carrier === 'simulated' && !sip.enabled && roles.length > 1

/**
 * The world around a demo's service: carrier, voice vendor and telephones, and the port that everyone connects to. The
 * service is a process of its own that is started again whenever it is gone; who calls meanwhile waits on the line, as at
 * a load balancer.
 */
export class DemoWorld {
  readonly #vendors: DemoVendors
  readonly #front: Server
  readonly #phones = createHttpServer()
  readonly #waiting: Socket[] = []
  /** Those that were handed on and have not arrived: a process that is just killed is not known to be gone. */
  readonly #onTheirWay = new Map<number, Socket>()
  #connections = 0
  readonly #log: Logger
  #service: ChildProcess | null = null
  #isReady = false
  #isStopping = false
  readonly #ended = Promise.withResolvers<number>()

  private constructor(vendors: DemoVendors, log: Logger) {
    this.#vendors = vendors
    this.#log = log
    // Whoever is connected is handed on before a byte is read.
    this.#front = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, (socket) =>
      this.#receive(socket),
    )
  }

  /** Resolves when the service takes calls; rejects when the port cannot be had. */
  static async start(config: Config, log: Logger): Promise<DemoWorld> {
    const world = new DemoWorld(await DemoVendors.start(config, log), log)
    try {
      await world.#start(config)
    } catch (error) {
      await world.#stopWorld()
      throw error
    }
    return world
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get port(): number {
    return (this.#front.address() as AddressInfo).port
  }

  /** Resolves with the exit status, when the service was stopped or could not be started. */
  get ended(): Promise<number> {
    return this.#ended.promise
  }

  /** Has the service stop; a second time, at once. */
  stop(signal: NodeJS.Signals): void {
    this.#isStopping = true
    this.#service?.kill(signal)
  }

  async #start({ http }: Config): Promise<void> {
    const { carrier } = this.#vendors
    surviveResets(this.#phones)
    if (carrier) attachPhone({ server: this.#phones, carrier, authorize: () => true })
    this.#front.listen(http.port, http.host)
    await once(this.#front, 'listening')
    this.#vendors.callAt(originHere(http.host, this.port))
    const ready = this.#startService()
    await Promise.race([ready, this.ended])
  }

  /** In a group of its own: a signal from the terminal reaches it through this process alone. */
  #startService(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const service = fork(MAIN, [DEMO_SERVICE], { detached: true })
    this.#service = service
    service.on('message', (message: ToWorld, socket) => {
      if (message.type === 'voices') this.#vendors.remember(message.voices)
      if (message.type === 'took') this.#arrived(message.id)
      if (message.type === 'phone' && socket) this.#answerPhone(message, socket as Socket)
      if (message.type === 'ready') {
        this.#isReady = true
        for (const waiting of this.#waiting.splice(0)) this.#handOn(waiting)
        resolve()
      }
    })
    service.on('exit', (code, signal) => void this.#serviceEnded(code, signal))
    // A process that is just gone cannot be told anything; its end is told by itself.
    service.on('error', (err) => this.#log.debug({ err }, "the demo's service could not be told something"))
    this.#tell({ type: 'vendors', access: this.#vendors.access })
    return promise
  }

  async #serviceEnded(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const hadStarted = this.#isReady
    this.#isReady = false
    this.#service = null
    this.#waiting.push(...this.#onTheirWay.values())
    this.#onTheirWay.clear()
    if (hadStarted && !this.#isStopping) {
      this.#log.warn({ code, signal }, "the demo's service is gone and is started again")
      void this.#startService()
      return
    }
    await this.#stopWorld()
    this.#ended.resolve(code ?? 1)
  }

  #receive(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#isReady) this.#handOn(socket)
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(socket)
    else socket.destroy()
  }

  #handOn(socket: Socket): void {
    if (socket.destroyed) return
    const id = this.#connections++
    this.#onTheirWay.set(id, socket)
    this.#tell({ type: 'connection', id }, socket)
  }

  /** The service has it, and this process lets go. */
  #arrived(id: number): void {
    this.#onTheirWay.get(id)?.destroy()
    this.#onTheirWay.delete(id)
  }

  #tell(message: ToService, socket?: Socket): void {
    // What cannot be told is told to the next one, when this one is known to be gone.
    if (this.#service?.connected) this.#service.send(message, socket, { keepOpen: true }, () => {})
  }

  #answerPhone({ url, headers, head }: ToWorld & { type: 'phone' }, socket: Socket): void {
    // All that a WebSocket's handshake is made of.
    const request = { method: 'GET', url, headers, socket } as unknown as IncomingMessage
    this.#phones.emit('upgrade', request, socket, Buffer.from(head, 'base64'))
  }

  async #stopWorld(): Promise<void> {
    for (const socket of [...this.#waiting.splice(0), ...this.#onTheirWay.values()]) socket.destroy()
    this.#front.close()
    await this.#vendors.stop()
  }
}
