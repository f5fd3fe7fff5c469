import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { eventually } from './sip-app.ts'

/** A fork's socket as the service sees it. */
export type ForkSocket = {
  socket: WebSocket
  path: string
  protocol: string
  authorization: string | undefined
  texts: string[]
  binaries: Buffer[]
  /** The code with which it was closed. */
  closed: Promise<number>
}

/** The service's side of mod_audio_fork: takes its sockets and keeps what they say. */
export class ForkReceiver {
  readonly sockets: ForkSocket[] = []
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' })

  static async listen(): Promise<ForkReceiver> {
    const receiver = new ForkReceiver()
    receiver.#server.on('connection', (socket, { url = '', headers }) => {
      const closed = once(socket, 'close').then(([code]) => code as number)
      const { protocol } = socket
      const fork: ForkSocket = {
        socket,
        path: url,
        protocol,
        authorization: headers.authorization,
        texts: [],
        binaries: [],
        closed,
      }
      socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) fork.binaries.push(data)
        else fork.texts.push(data.toString('utf8'))
      })
      receiver.sockets.push(fork)
    })
    await once(receiver.#server, 'listening')
    return receiver
  }

  url(path = '/stream/1'): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`
  }

  /** The newest socket, when it has begun to send. */
  newest(count: number): Promise<ForkSocket> {
    return eventually(() => {
      const fork = this.sockets[count - 1]
      if (!fork?.binaries.length)
        throw new Error(`${this.sockets.length} forks have connected; ${count} were awaited.`)
      return fork
    })
  }

  stop(): void {
    for (const { socket } of this.sockets) socket.terminate()
    this.#server.close()
  }
}

/** 16-bit samples of one level. */
export function levelPcm(milliseconds: number, level: number): Buffer {
  const bytes = Buffer.alloc(milliseconds * BYTES_PER_MS)
  for (let i = 0; i < bytes.length; i += 2) bytes.writeInt16LE(level, i)
  return bytes
}

export function loudPcm(milliseconds: number): Buffer {
  return levelPcm(milliseconds, 8000)
}

/** At 8 kHz. */
const BYTES_PER_MS = 16
