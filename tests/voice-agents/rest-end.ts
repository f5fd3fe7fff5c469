import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type RestRequest = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
}
export type Answer = (response: ServerResponse, request: RestRequest) => void

/** The vendor's end of REST requests: a real server that answers as a test says, and writes down what it is asked. */
export class RestEnd {
  readonly requests: RestRequest[] = []
  answer: Answer = (response) => response.end('{}')
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    server.on('request', async (incoming, response) => {
      const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://vendor')
      const chunks: Buffer[] = []
      try {
        for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
      } catch {
        // Whoever broke off reads no answer.
        return
      }
      const { method = '', headers } = incoming
      const request = { method, path: pathname, query: searchParams, headers, body: Buffer.concat(chunks) }
      this.requests.push(request)
      this.answer(response, request)
    })
  }

  static async open(): Promise<RestEnd> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new RestEnd(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when nobody is left who waits for an answer or reads one. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (response) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export function html(status: number): Answer {
  return (response) =>
    response.writeHead(status, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><h1>Bad gateway</h1>')
}
