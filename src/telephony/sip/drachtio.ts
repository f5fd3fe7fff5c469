import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import DrachtioSrf from 'drachtio-srf'

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
  socket: Socket
  get(header: string): string | undefined
  has(header: string): boolean
  /** Throws when the header is not what its grammar says. */
  getParsedHeader(header: 'from' | 'to' | 'refer-to'): Address
}

export interface SipResponse {
  readonly status: number
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
  readonly remote: { sdp: string; uri: string }
  destroy(options?: { headers?: SipHeaders }): Promise<unknown>
  /** Sends a re-INVITE with this description, and acknowledges; `local` and `remote` are those agreed on then. */
  modify(sdp: string): Promise<unknown>
  request(options: { method: string; headers?: SipHeaders; body?: string }): Promise<SipResponse>
  on(event: 'modify' | 'update' | 'info' | 'refer' | 'options', listener: InDialog): this
  on(event: 'ack', listener: (req: SipRequest) => void): this
  on(event: 'destroy', listener: (req: SipRequest, reason?: string) => void): this
}

export interface Srf extends EventEmitter {
  /** `retryMaxDelay` must be given: without it the pauses grow without bound. */
  connect(options: { host: string; port: number; secret: string; reconnect: { retryMaxDelay: number } }): void
  disconnect(): void
  invite(handler: InDialog): void
  options(handler: InDialog): void
  createUAS(
    req: SipRequest,
    res: SipResponse,
    options: { localSdp: string; headers?: SipHeaders },
  ): Promise<SipDialog>
  createUAC(
    uri: string,
    options: { localSdp: string; headers?: SipHeaders; callingNumber?: string },
  ): Promise<SipDialog>
  /** Resolves with the request as it was sent; the answer comes as its `response`. */
  request(
    uri: string,
    options: { method: string; headers?: SipHeaders; stackDialogId?: string; proxy?: string },
  ): Promise<EventEmitter>
  /** Without a client before `connect`. */
  readonly app: EventEmitter & { client?: Client }
}

/** The library's own half of the connection, where it shows no other way to end one that is broken, or to find the socket. */
type Client = {
  readonly mapServer: Map<Socket, unknown>
  readonly wp: {
    closing?: boolean
    reconnectVars?: { retryTimer: NodeJS.Timeout | null; retryDelay: number }
  }
}

/** The connection as it is now; a dialog speaks over the one on which it came. */
export const socketOf = (srf: Srf): Socket | undefined => srf.app.client?.mapServer.keys().next().value

export const createSrf = (): Srf => new DrachtioSrf() as unknown as Srf
