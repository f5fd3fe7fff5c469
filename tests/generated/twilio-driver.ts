import type { LegEndStatus, MediaEvent } from '../../machines/call-events.ts'
import type { LegInstruction } from '../../machines/instructions.ts'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import type { HandCarrier } from '../support/hand-carrier.ts'
import type { HandStream } from '../support/hand-stream.ts'
import { SERVICE_NUMBER } from '../support/hand-world.ts'
import type { CarrierEvent, DrivenCall, LegDriver, LegDriverFactory, LegOrder } from './leg-driver.ts'
import { type ReadTwiml, readInstructions } from './twilio-instructions.ts'

/** Leads calls as Twilio: signed webhooks, Media Streams and the REST API. */
export const twilioDriver =
  (carrier: HandCarrier): LegDriverFactory =>
  (call) =>
    new TwilioLeg(carrier, call)

class TwilioLeg implements LegDriver {
  readonly providerCallId = newSid('CA')
  readonly #carrier: HandCarrier
  readonly #call: DrivenCall
  /** The latest TwiML. */
  #told: ReadTwiml | null = null
  #stream: HandStream | null = null

  constructor(carrier: HandCarrier, call: DrivenCall) {
    this.#carrier = carrier
    this.#call = call
  }

  async begin(): Promise<void> {
    await this.#ask(`${this.#call.firstOrigin}/webhooks/inbound`, 'ringing')
  }

  async perform(event: CarrierEvent): Promise<LegInstruction[] | null> {
    switch (event.type) {
      case 'leg.asked':
        return this.#poll()
      case 'leg.streamEnded':
        return this.#reportStreamEnd(event.attempt ?? 0)
      case 'leg.ended':
        await this.#reportEnd(event.status)
        return null
      case 'media.joined':
        await this.#join(event.attempt)
        return null
      case 'media.lost':
        this.#lose(event)
        return null
    }
  }

  /** A repeated first webhook is answered with what the call is at. */
  instructions(): Promise<LegInstruction[]> {
    return this.#ask(`${this.#call.nextOrigin()}/webhooks/inbound`, 'ringing')
  }

  orders(): LegOrder[] {
    const ours = this.#carrier.orders.filter(({ callSid }) => callSid === this.providerCallId)
    return ours.map(({ fields: { Status, Url = '', Method } }) => {
      if (Status === 'completed') return 'hang-up'
      if (Url === `${this.#call.firstOrigin}/webhooks/status-callback` && Method === 'POST') return 'move'
      throw new Error(`The REST API was asked for Status "${Status}", ${Method} ${Url}.`)
    })
  }

  isStreaming(): boolean {
    return this.#stream?.isOpen ?? false
  }

  async leave(): Promise<void> {
    this.#stream?.drop()
    await this.#reportEnd('completed')
  }

  #poll(): Promise<LegInstruction[]> {
    return this.#ask(`${this.#call.nextOrigin()}/webhooks/status-callback`)
  }

  /** The address is the one in the TwiML; a leg that never had a stream can only mean the bare one. */
  #reportStreamEnd(attempt: number): Promise<LegInstruction[]> {
    const action = new URL('/webhooks/stream-ended', this.#call.nextOrigin())
    if (attempt > 0) action.searchParams.set('attempt', `${attempt}`)
    return this.#ask(action.href)
  }

  async #reportEnd(status: LegEndStatus): Promise<void> {
    const url = `${this.#call.nextOrigin()}/webhooks/call-status`
    const fields = { ...this.#fields(status), CallDuration: '42', SequenceNumber: '0' }
    const response = await this.#carrier.post(url, fields)
    if (response.status !== 204) throw new Error(`A call status was answered with ${response.status}.`)
  }

  /** A leg that was moved, or whose stream broke, asks before it connects. */
  async #join(attempt: number): Promise<void> {
    if (!this.#connects(attempt)) await this.#poll()
    const connect = this.#told?.connect
    if (!connect || !this.#connects(attempt))
      throw new Error(`The leg is not told to open stream ${attempt}.`)
    this.#stream = await this.#carrier.openStream(connect.stream.url)
    this.#stream.start(this.providerCallId, connect.parameters)
  }

  #connects(attempt: number): boolean {
    return (
      this.#told?.instructions.some((told) => told.do === 'connect-media' && told.attempt === attempt) ??
      false
    )
  }

  #lose({ clean }: Extract<MediaEvent, { type: 'media.lost' }>): void {
    if (!this.isStreaming()) throw new Error('There is no stream to lose.')
    if (clean) this.#stream?.stop()
    else this.#stream?.drop()
  }

  async #ask(url: string, status = 'in-progress'): Promise<LegInstruction[]> {
    const response = await this.#carrier.post(url, this.#fields(status))
    const type = response.headers.get('content-type') ?? ''
    if (response.status !== 200 || !type.startsWith('text/xml'))
      throw new Error(`${url} was answered with ${response.status} ${type}.`)
    this.#told = readInstructions(await response.text())
    return this.#told.instructions
  }

  #fields(status: string): Record<string, string> {
    return this.#carrier.fieldsOf(
      { sid: this.providerCallId, from: this.#call.from, to: SERVICE_NUMBER },
      status,
    )
  }
}
