import http from 'node:http'
import https from 'node:https'

export type HttpRequest = {
  url: string
  method: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  /** Ends the exchange, wherever it is. */
  signal: AbortSignal
  maxBytes: number
}

export type HttpAnswer = { status: number; headers: http.IncomingHttpHeaders; body: Buffer }

/** The answer's body is larger than was asked for; `limit` is in bytes. */
export class BodyTooLarge extends Error {
  readonly limit: number
  constructor(limit: number) {
    super(`The answer is larger than ${limit} bytes.`)
    this.limit = limit
  }
}

/**
 * One exchange on a connection of its own, closed afterwards, so that nothing is left open between two webhooks.
 * Rejects with Node's error (`code` says which), with BodyTooLarge, or with an AbortError.
 */
export function exchange({ url, method, headers, body, signal, maxBytes }: HttpRequest): Promise<HttpAnswer> {
  const { request } = url.startsWith('https:') ? https : http
  const length = body === undefined ? {} : { 'Content-Length': `${Buffer.byteLength(body)}` }
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...headers, ...length }, signal, agent: false as const }
    const outgoing = request(url, options, (incoming) => {
      readBody(incoming, maxBytes).then(
        (bytes) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: bytes }),
        reject,
      )
    })
    outgoing.on('error', reject).end(body)
  })
}

/** Reads a whole body. Rejects with BodyTooLarge, and hangs up, when it is longer than `maxBytes`. */
export async function readBody(incoming: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new BodyTooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
