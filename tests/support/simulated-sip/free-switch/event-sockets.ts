import { connect, type Socket } from 'node:net'
import type { Channel } from './channel.ts'
import { EventSocketConnection, type EventSocketHost } from './event-socket.ts'
import type { FreeSwitchFaults } from './faults.ts'
import type { SwitchEvent } from './switch-event.ts'

/** All connections of the event socket: those that apps opened, and those that the switch opened for its channels. */
export class EventSockets {
  readonly #host: EventSocketHost
  readonly #faults: FreeSwitchFaults
  readonly #ignored = new Set<Socket>()
  readonly #opened = new Set<EventSocketConnection>()
  readonly #byChannel = new Map<Channel, EventSocketConnection>()

  constructor(host: EventSocketHost, faults: FreeSwitchFaults) {
    this.#host = host
    this.#faults = faults
  }

  /** An app connects. */
  accept(socket: Socket): void {
    if (this.#faults.refusesConnections) {
      socket.destroy()
      return
    }
    if (this.#faults.hangs) {
      this.#ignore(socket)
      return
    }
    const connection = new EventSocketConnection(socket, {
      host: this.#host,
      onClose: () => this.#opened.delete(connection),
    })
    this.#opened.add(connection)
  }

  /** Calls the app for a channel, which is nothing without it: `socket host:port async full`. */
  call(channel: Channel, address: string): void {
    const [host = '', port = ''] = address.split(':')
    const socket = connect(Number(port), host)
    socket.once('error', () => channel.hangUp('NORMAL_CLEARING'))
    socket.once('connect', () => {
      if (channel.isUp) this.#connected(socket, channel)
      else socket.destroy()
    })
  }

  /** Says goodbye on a channel's socket when all that its end set off has been told. */
  letGo(channel: Channel): void {
    const connection = this.#byChannel.get(channel)
    setImmediate(() => connection?.end())
  }

  fire(event: SwitchEvent): void {
    if (this.#faults.hangs) return
    if (this.#faults.hidesHangUps && event.fields['Channel-Call-State'] === 'HANGUP') return
    for (const connection of this.#all) connection.offer(event)
  }

  /** Says goodbye on all of them. */
  end(): void {
    for (const connection of this.#all) connection.end()
  }

  /** Cuts all of them, or only those that apps opened. */
  cut(which: 'all' | 'inbound'): void {
    for (const connection of which === 'all' ? this.#all : [...this.#opened]) connection.cut()
    for (const socket of this.#ignored) socket.destroy()
  }

  get #all(): EventSocketConnection[] {
    return [...this.#opened, ...this.#byChannel.values()]
  }

  #ignore(socket: Socket): void {
    this.#ignored.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#ignored.delete(socket))
    socket.resume()
  }

  #connected(socket: Socket, channel: Channel): void {
    const onClose = () => {
      this.#byChannel.delete(channel)
      // The dialplan goes on after the socket, and has nothing more to do.
      channel.hangUp('NORMAL_CLEARING')
    }
    this.#byChannel.set(
      channel,
      new EventSocketConnection(socket, { host: this.#host, controlled: channel, onClose }),
    )
  }
}
