import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type HttpProblem, PROBLEM_TYPE, problemBody } from './problem.ts'

/** Answers an upgrade with the problem instead of a WebSocket, and ends the connection. */
export function refuseUpgrade(request: IncomingMessage, socket: Duplex, problem: HttpProblem): void {
  const body = problemBody(problem, request)
  const headers = {
    ...problem.headers,
    Connection: 'close',
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': Buffer.byteLength(body),
  }
  // Whoever was refused may be gone already, which concerns nobody.
  socket.on('error', () => socket.destroy())
  // A client who never hangs up would keep its descriptor for ever.
  socket.once('finish', () => socket.destroy())
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Refused'}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  )
}
