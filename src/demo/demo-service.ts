import type { Socket } from 'node:net'
import type { Service } from '../composition/service.ts'
import type { Storage } from '../composition/storage.ts'
import type { Config } from '../config/config.ts'
import { HttpProblem } from '../problem/problem.ts'
import { refuseUpgrade } from '../problem/refuse-upgrade.ts'
import { PHONE_PATH } from '../simulator/phone/phone-messages.ts'
import { type Demo, giveVoice, knownVoices } from './demo.ts'
import type { ToService, ToWorld } from './demo-messages.ts'
import { type VendorAccess, withVendors } from './demo-vendors.ts'

/**
 * The demo as its service sees it: the vendors are in the process that started this one, and so is the port, from which
 * connections are handed on. A telephone is handed back, for it must not be cut off when this process is killed.
 */
export class HandedOnDemo implements Demo {
  readonly config: Config
  readonly kill = (): void => void process.kill(process.pid, 'SIGKILL')

  private constructor(config: Config, access: VendorAccess) {
    const { http } = config
    // A port of its own, which nobody is told: everyone comes through the other process.
    this.config = withVendors({ ...config, http: { ...http, host: '127.0.0.1', port: 0 } }, access)
  }

  /** Waits for the other process to say where its vendors are; ends with it. */
  static async start(config: Config): Promise<HandedOnDemo> {
    const { promise, resolve } = Promise.withResolvers<VendorAccess>()
    process.once('message', (message: ToService) => message.type === 'vendors' && resolve(message.access))
    // Whoever started us is gone: what we have started must not stay.
    process.once('disconnect', () => process.emit('SIGTERM', 'SIGTERM'))
    return new HandedOnDemo(config, await promise)
  }

  async connect(service: Service, storage: Storage): Promise<void> {
    tell({ type: 'voices', voices: await knownVoices(storage) })
    await giveVoice(service)
    this.#handPhonesBack(service)
    process.on('message', (message: ToService, socket?: Socket) => {
      if (message.type !== 'connection') return
      tell({ type: 'took', id: message.id })
      if (socket) service.http.server.emit('connection', socket)
    })
    tell({ type: 'ready' })
  }

  async stop(): Promise<void> {}

  #handPhonesBack(service: Service): void {
    const { server, upgradePaths, mayAdmin } = service.http
    upgradePaths.add(PHONE_PATH)
    server.on('upgrade', async (request, socket: Socket, head) => {
      const { url = '', headers } = request
      if (url.split('?')[0] !== PHONE_PATH) return
      if (!(await mayAdmin(request)))
        return refuseUpgrade(request, socket, new HttpProblem(401, 'Sign in to the console first.'))
      // Node would take it off the count of a server that has never counted it.
      Object.assign(socket, { server: null })
      tell({ type: 'phone', url, headers, head: head.toString('base64') }, socket)
    })
  }
}

/** When the other process is gone, this one is about to end. */
function tell(message: ToWorld, socket?: Socket): void {
  if (process.connected) process.send?.(message, socket)
}
