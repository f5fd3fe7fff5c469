import type { Server } from 'node:http'
import { HttpProblem } from '../problem/problem.ts'
import { refuseUpgrade } from '../problem/refuse-upgrade.ts'

/**
 * Node leaves a connection that is being upgraded to the listeners, without one for its errors: a client who resets it
 * before anybody has taken it would end the process. To be called before anybody else listens for upgrades.
 */
export function surviveResets(server: Server): void {
  server.prependListener('upgrade', (_request, socket) => {
    socket.on('error', () => socket.destroy())
  })
}

/** Once somebody listens for upgrades, Node leaves all of them to the listeners: one that nobody takes would hang. */
export function refuseUnclaimedUpgrades(server: Server, claimed: ReadonlySet<string>): void {
  server.on('upgrade', (request, socket) => {
    const path = request.url ?? ''
    if ([...claimed].some((prefix) => path.startsWith(prefix))) return
    refuseUpgrade(request, socket, new HttpProblem(404, 'No WebSocket is taken at this path.'))
  })
}
