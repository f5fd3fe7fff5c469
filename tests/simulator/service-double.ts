import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import pino from 'pino'
import twilio from 'twilio'
import { type WebSocket, WebSocketServer } from 'ws'
import type { CarrierCall } from '../../src/simulator/carrier/call.ts'
import { type CarrierOptions, startCarrier } from '../../src/simulator/carrier/carrier.ts'
import { readBody } from '../../src/simulator/carrier/http-client.ts'
import type { TimelineEntry } from '../../src/simulator/carrier/timeline.ts'
import { closeHard, listenHere } from '../support/loopback.ts'

/*
 * What the carrier talks to in its tests: a service that answers webhooks as the test tells it to, and holds every request
 * against Twilio's own library.
 */

export const ACCOUNT_SID = `AC${'1'.repeat(32)}`
export const AUTH_TOKEN = 'a-test-token'
export const NUMBER = '+15550001111'
const MAX_BODY_BYTES = 64 * 1024
export const CALLER = '+15552223333'

type Received = {
  path: string
  method: string
  fields: Record<string, string>
  headers: IncomingHttpHeaders
  isSigned: boolean
}

export type Answer = {
  status?: number
  type?: string
  body?: string | Buffer
  headers?: Record<string, string>
}
type Handler = (received: Received) => Answer | string | Promise<Answer | string>

export type ServiceDouble = {
  origin: string
  received: Received[]
  /** Fields of what came in at a path, in order. */
  at(path: string): Received[]
  on(path: string, handler: Handler): void
  /** Resolves with the next WebSocket that is opened. */
  nextSocket(): Promise<{
    socket: WebSocket
    request: IncomingMessage
    messages: AsyncIterator<StreamMessage>
  }>
  stop(): Promise<void>
}

export type StreamMessage = { event: string; sequenceNumber?: string; streamSid?: string } & Record<
  string,
  unknown
>

export function twiml(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${body}</Response>`
}

export async function startServiceDouble(): Promise<ServiceDouble> {
  const handlers = new Map<string, Handler>()
  const received: Received[] = []
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer(async (request, response) => {
    const entry = await readRequest(request, origin)
    received.push(entry)
    const answer = (await handlers.get(entry.path)?.(entry)) ?? { status: 404 }
    const {
      status = 200,
      type = 'text/xml',
      body = '',
      headers,
    } = typeof answer === 'string' ? { body: answer } : answer
    response.writeHead(status, { 'Content-Type': type, ...headers }).end(body)
  })
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      sockets.emit('connection', webSocket, request),
    )
  })
  const origin = await listenHere(server)
  return {
    origin,
    received,
    at: (path) => received.filter((entry) => entry.path === path),
    on: (path, handler) => handlers.set(path, handler),
    async nextSocket() {
      const [socket, request] = (await once(sockets, 'connection')) as [WebSocket, IncomingMessage]
      return { socket, request, messages: messagesOf(socket) }
    },
    async stop() {
      for (const client of sockets.clients) client.terminate()
      await closeHard(server)
    },
  }
}

async function readRequest(request: IncomingMessage, origin: string): Promise<Received> {
  const body = `${await readBody(request, MAX_BODY_BYTES)}`
  const form = Object.fromEntries(new URLSearchParams(body))
  const url = new URL(request.url ?? '/', origin)
  const signature = request.headers['x-twilio-signature'] as string
  const isSigned = Boolean(signature) && twilio.validateRequest(AUTH_TOKEN, signature, url.href, form)
  const fields = request.method === 'GET' ? Object.fromEntries(url.searchParams) : form
  return { path: url.pathname, method: request.method ?? '', fields, headers: request.headers, isSigned }
}

/** The stream's messages from now on, in order; ends with the socket. */
function messagesOf(socket: WebSocket): AsyncIterator<StreamMessage> {
  const messages = new Readable({ objectMode: true, read() {} })
  socket.on('message', (data) => messages.push(JSON.parse(`${data}`)))
  socket.on('close', () => messages.push(null))
  return messages[Symbol.asyncIterator]()
}

/** A carrier whose number is answered by the service's /voice, forty times as fast as in life. */
export function startTestCarrier(service: ServiceDouble, options: Partial<CarrierOptions> = {}) {
  return startCarrier({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    phoneNumber: NUMBER,
    voiceUrl: `${service.origin}/voice`,
    log: pino({ level: 'silent' }),
    timeScale: 0.025,
    ...options,
  })
}

/** The types of what happened, in order. */
export function typesOf(call: CarrierCall): string[] {
  return call.timeline.map(({ type }) => type)
}

export function entriesOf<Type extends TimelineEntry['type']>(
  call: CarrierCall,
  type: Type,
): Extract<TimelineEntry, { type: Type }>[] {
  return call.timeline.filter((entry) => entry.type === type) as Extract<TimelineEntry, { type: Type }>[]
}

/** Resolves with the first entry of this type, past or to come. */
export function until<Type extends TimelineEntry['type']>(
  call: CarrierCall,
  type: Type,
): Promise<Extract<TimelineEntry, { type: Type }>> {
  const [past] = entriesOf(call, type)
  if (past) return Promise.resolve(past)
  return new Promise((resolve) => {
    const stop = call.onTimeline((entry) => {
      if (entry.type !== type) return
      stop()
      resolve(entry as Extract<TimelineEntry, { type: Type }>)
    })
  })
}
