import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo, Server as SocketServer } from 'node:net'

/* Servers of a test, each on a free port that nobody but this machine reaches. */

/** Resolves with the server's http origin when it listens. */
export async function listenHere(server: SocketServer): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Cuts all connections, and resolves when the server is closed. */
export async function closeHard(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
