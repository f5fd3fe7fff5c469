import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { readBody } from '../../src/simulator/carrier/http-client.ts'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { twilioSignature } from '../../src/simulator/carrier/signature.ts'
import { closeHard, listenHere } from './loopback.ts'
import { ScriptedStream } from './scripted-stream.ts'

/** What the service asked the REST API to change about a call. */
export type RestOrder = { callSid: string; fields: Record<string, string> }

type Fields = Record<string, string>

/**
 * A Twilio account that does one thing when it is told to and nothing by itself: it sends a signed webhook, opens a
 * stream, and writes down what it is asked over REST. What happens next is the test's to say.
 */
export class ScriptedCarrier {
  readonly accountSid = newSid('AC')
  readonly authToken = randomBytes(16).toString('hex')
  readonly orders: RestOrder[] = []
  /** What REST requests are answered with. */
  restStatus = 200
  readonly #server: Server

  /** The REST API's origin, for TWILIO_API_BASE_URL. */
  readonly apiBaseUrl: string

  private constructor(server: Server, origin: string) {
    this.#server = server
    this.apiBaseUrl = origin
    server.on('request', async (request, response) => {
      const callSid = /\/Calls\/(\w+)\.json$/.exec(request.url ?? '')?.[1] ?? ''
      const body = await readBody(request, 64 * 1024)
      if (callSid && request.method === 'POST')
        this.orders.push({ callSid, fields: Object.fromEntries(new URLSearchParams(body.toString())) })
      response
        .writeHead(this.restStatus, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ sid: callSid, status: 'in-progress' }))
    })
  }

  static async start(): Promise<ScriptedCarrier> {
    const server = createServer()
    return new ScriptedCarrier(server, await listenHere(server))
  }

  /** The fields that come with every webhook about a call. */
  fieldsOf(call: { sid: string; from: string; to: string }, status = 'in-progress'): Fields {
    return {
      CallSid: call.sid,
      AccountSid: this.accountSid,
      From: call.from,
      To: call.to,
      CallStatus: status,
      ApiVersion: '2010-04-01',
      Direction: 'inbound',
    }
  }

  /** Sends one webhook, signed. `headers` go over those that Twilio sends; a signature given there is taken as it is. */
  post(url: string, fields: Fields, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(url, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'X-Twilio-Signature': twilioSignature(this.authToken, url, fields),
        'I-Twilio-Idempotency-Token': randomUUID(),
        ...headers,
      },
    })
  }

  /** Opens a media stream as the carrier does, and says nothing on it yet. */
  openStream(url: string): Promise<ScriptedStream> {
    return ScriptedStream.open(url, {
      accountSid: this.accountSid,
      signature: twilioSignature(this.authToken, url),
    })
  }

  async stop(): Promise<void> {
    await closeHard(this.#server)
  }
}
