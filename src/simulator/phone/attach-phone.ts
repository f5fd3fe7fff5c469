import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Carrier } from '../carrier/carrier.ts'
import { PHONE_PATH } from './phone-messages.ts'
import { PhoneSession } from './phone-session.ts'

export type PhoneOptions = {
  /** The HTTP server on which the handset's socket is to be; upgrades to other paths are left to others. */
  server: Server
  carrier: Pick<Carrier, 'call'>
  /** Whether this request may place calls. */
  authorize: (request: IncomingMessage) => boolean | Promise<boolean>
}

/** A message is a few frames of sound or a short command. */
const MAX_MESSAGE_BYTES = 64 * 1024
/** Far more people than try the demo at the same time. */
const MAX_HANDSETS = 100

/** Lets people use the simulated carrier by a handset of their own, in a browser or a program, over a WebSocket. */
export function attachPhone({ server, carrier, authorize }: PhoneOptions): {
  /** Hangs up all handsets and takes no more. */
  close(): void
} {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  })

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (request.url?.split('?')[0] !== PHONE_PATH) return
    if (!(await authorize(request))) refuse(socket, 401)
    else if (sockets.clients.size >= MAX_HANDSETS) refuse(socket, 503)
    else sockets.handleUpgrade(request, socket, head, (webSocket) => new PhoneSession(webSocket, carrier))
  }

  server.on('upgrade', upgrade)
  return {
    close() {
      server.off('upgrade', upgrade)
      for (const client of sockets.clients) client.terminate()
      sockets.close()
    },
  }
}

function refuse(socket: Duplex, status: number): void {
  // Whoever was refused may be gone already, which concerns nobody.
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
