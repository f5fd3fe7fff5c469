import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import DrachtioSrf from 'drachtio-srf'
import './re-invite-queue.ts'

/*
 * drachtio-srf 5's own types lack much of what it does; these are of the parts that are used, read from its source
 * (lib/srf.js, dialog.js, request.js, response.js, drachtio-agent.js, wire-protocol.js).
 */

export type SipHeaders = Record<string, string>

type Address = { uri: string; name?: string; params?: Record<string, string | null> }

export interface SipRequest extends EventEmitter {
  readonly method: string
  readonly uri: string
  readonly body: string
  readonly source_address: string
  readonly source_port: number
  readonly protocol: string
  /** drachtio-server's name for the transaction. */
  readonly stackTxnId: string
  socket: Socket
  get(header: string): string | undefined
  has(header: string): boolean
  /** Throws when the header is not what its grammar says. */
  getParsedHeader(header: 'from' | 'to' | 'refer-to'): Address
}

export interface SipResponse {
  readonly stackTxnId: string
  /** drachtio-server's name for the dialog that begins. */
  readonly stackDialogId?: string
  readonly status: number
  readonly reason: string
  get(header: string): string | undefined
  readonly finalResponseSent: boolean
  send(
    status: number,
    options?: { headers?: SipHeaders; body?: string },
    sent?: (error: unknown) => void,
  ): void
  send(status: number, reason: string, options?: { headers?: SipHeaders }): void
}

type InDialog = (req: SipRequest, res: SipResponse) => void

export interface SipDialog {
  /** drachtio-server's name for the dialog, by which any application may speak in it; what comes in it goes to the connection that began it. */
  readonly id: string
  readonly type: 'uas' | 'uac'
  readonly sip: { callId: string; localTag: string; remoteTag: string }
  readonly connected: boolean
  readonly req: SipRequest
  readonly local: { sdp: string; uri: string }
  /** There is no `sdp` where an INVITE brought none, and its ACK neither. */
  readonly remote: { sdp?: string; uri: string }
  destroy(options?: { headers?: SipHeaders }): Promise<unknown>
  /** Sends a re-INVITE with this description, and acknowledges; `local` and `remote` are those agreed on then. */
  modify(sdp: string): Promise<unknown>
  request(options: { method: string; headers?: SipHeaders; body?: string }): Promise<SipResponse>
  on(event: 'modify' | 'update' | 'info' | 'refer' | 'options', listener: InDialog): this
  on(event: 'ack', listener: (req: SipRequest) => void): this
  on(event: 'destroy', listener: (req: SipRequest, reason?: string) => void): this
  off(event: 'modify', listener: InDialog): this
}

export interface Srf extends EventEmitter {
  /** `retryMaxDelay` must be given: without it the pauses grow without bound. */
  connect(options: { host: string; port: number; secret: string; reconnect: { retryMaxDelay: number } }): void
  disconnect(): void
  invite(handler: InDialog): void
  options(handler: InDialog): void
  /** Calls back once; whoever listens to the dialog within that misses nothing of it. */
  createUAS(
    req: SipRequest,
    res: SipResponse,
    options: { localSdp: string; headers?: SipHeaders },
    callback: (error: unknown, dialog?: SipDialog) => void,
  ): void
  createUAC(uri: string, options: InviteOptions): Promise<SipDialog>
  /** Whoever listens to the dialog within the callback misses nothing of it. */
  createUAC(
    uri: string,
    options: InviteOptions,
    progress: {
      cbRequest: (error: unknown, sent?: SipRequest) => void
      cbProvisional: (response: SipResponse) => void
    },
    callback: (error: unknown, dialog?: SipDialog) => void,
  ): void
  /** Has drachtio-server send the request on; it answers the caller by itself. `provisionalTimeout` is as in "1s". */
  proxyRequest(
    req: SipRequest,
    destination: string,
    options: { provisionalTimeout: string; finalTimeout: string },
  ): Promise<unknown>
  /** Resolves with the request as it was sent; the answer comes as its `response`, which may be before anybody hears of that. */
  request(uri: string, options: RequestOptions): Promise<EventEmitter>
  /** Whoever listens for `response` within `onSent` hears of it. */
  request(uri: string, options: RequestOptions, onSent: (error: unknown, sent: SipRequest) => void): void
  /** Without a client before `connect`. */
  readonly app: EventEmitter & { client?: Client }
}

export type InviteOptions = { localSdp: string; headers?: SipHeaders; callingNumber?: string }

type RequestOptions = {
  method: string
  headers?: SipHeaders
  stackDialogId?: string
  stackTxnId?: string
  proxy?: string
  /** Answers a challenge, once, by MD5. */
  auth?: { username: string; password: string }
}

/** The library's own half of the connection, where it shows no other way to end one that is broken, or to find the socket. */
type Client = {
  readonly mapServer: Map<Socket, unknown>
  readonly wp: {
    closing?: boolean
    send(socket: Socket, message: string): string
    reconnectVars?: { retryTimer: NodeJS.Timeout | null; retryDelay: number }
  }
}

/** The connection as it is now; a dialog speaks over the one on which it came. */
export const socketOf = (srf: Srf): Socket | undefined => srf.app.client?.mapServer.keys().next().value

export const createSrf = (): Srf => new DrachtioSrf() as unknown as Srf

/**
 * drachtio-server reads 8,192 bytes at a time into 12,228 (src/client.cpp); what does not fit pushes out what was there, and
 * the connection is deaf from then on. A message up to this length, in bytes, can be followed by any other.
 */
const LONGEST_MESSAGE = 12_228 - 8_192

/** Has the library send nothing that would make the connection deaf; to be called once it has a client. */
export function keepMessagesShort({ app: { client } }: Srf): void {
  if (!client) return
  const { wp } = client
  const send = wp.send.bind(wp)
  wp.send = (socket, message) => {
    const sent = isLong(message) ? withoutNames(message) : message
    if (isLong(sent))
      throw new RangeError(`a message of ${Buffer.byteLength(sent)} bytes is too long for drachtio-server`)
    return send(socket, sent)
  }
}

/** The library puts an id of 36 letters, two signs and the length before it. */
const isLong = (message: string): boolean => Buffer.byteLength(message) + 43 > LONGEST_MESSAGE

/** A response repeats what names its request, however long a stranger has made it; drachtio-server knows it, and reads past it. */
function withoutNames(message: string): string {
  const [tokens = '', start = '', ...rest] = message.split('\r\n')
  if (!start.startsWith('SIP/2.0')) return message
  const end = rest.indexOf('')
  const headers = rest.slice(0, end).filter((line) => !/^(?:from|to|call-id|cseq):/i.test(line))
  return [tokens, start, ...headers, ...rest.slice(end)].join('\r\n')
}

/**
 * The answer crossed a CANCEL: drachtio-server has ended the INVITE and knows it no more. The library forgets whom to tell
 * of the CANCEL as soon as it has an answer to send.
 */
export const isForgotten = (error: unknown): boolean => String(error).includes('unknown transaction')
