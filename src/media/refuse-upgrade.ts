import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers an upgrade with an HTTP error (RFC 9457) instead of a WebSocket, and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: number, detail: string): void {
  const title = STATUS_CODES[status] ?? 'Refused'
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  // Whoever was refused may be gone already, which concerns nobody.
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      'Connection: close',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
