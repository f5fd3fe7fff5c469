import { type Server, STATUS_CODES } from 'node:http'

/** Once somebody listens for upgrades, Node leaves all of them to the listeners: one that nobody takes would hang. */
export function refuseUnclaimedUpgrades(server: Server, claimed: ReadonlySet<string>): void {
  server.on('upgrade', (request, socket) => {
    const path = request.url ?? ''
    if ([...claimed].some((prefix) => path.startsWith(prefix))) return
    socket.on('error', () => socket.destroy())
    socket.end(`HTTP/1.1 404 ${STATUS_CODES[404]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
}
