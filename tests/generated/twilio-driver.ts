import { expect, vi } from 'vitest'
import type { LegEndStatus, MediaEvent } from '../../machines/call-events.ts'
import type { LegInstruction } from '../../machines/instructions.ts'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import type { ScriptedCarrier } from '../support/scripted-carrier.ts'
import type { ScriptedStream } from '../support/scripted-stream.ts'
import { type ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import type { PlayedCarrier } from './carriers.ts'
import type { CarrierEvent, DrivenCall, LegDriver, LegOrder, Told } from './leg-driver.ts'
import { type ReadTwiml, readInstructions } from './twilio-instructions.ts'

/** How long the service may take to order something. */
const SOON = { timeout: 5_000, interval: 10 }

/** Every node takes its calls as it is. */
export const twilioCarrier = async ({ carrier }: ScriptedWorld): Promise<PlayedCarrier> => ({
  drive: (call) => new TwilioDriver(carrier, call),
  settings: {},
  join: async () => {},
  stop: async () => {},
})

/** Leads a call as Twilio: signed webhooks, Media Streams and the REST API. */
class TwilioDriver implements LegDriver {
  readonly providerCallId = newSid('CA')
  readonly #carrier: ScriptedCarrier
  readonly #call: DrivenCall
  /** The latest TwiML. */
  #told: ReadTwiml | null = null
  #stream: ScriptedStream | null = null

  constructor(carrier: ScriptedCarrier, call: DrivenCall) {
    this.#carrier = carrier
    this.#call = call
  }

  async begin(): Promise<void> {
    await this.#ask(`${this.#call.firstOrigin}/webhooks/inbound`, 'ringing')
  }

  async perform(event: CarrierEvent): Promise<LegInstruction[] | null> {
    switch (event.type) {
      case 'leg.instructionsRequested':
        return this.#poll(event.leaves)
      case 'leg.streamEnded':
        return this.#reportStreamEnd(event.bridgeNumber ?? 0)
      case 'leg.ended':
        await this.#reportEnd(event.status)
        return null
      case 'media.joined':
        await this.#join(event.bridgeNumber)
        return null
      case 'media.lost':
        this.#lose(event)
        return null
      default:
        throw new Error(`Nobody can say ${event.type} over Twilio.`)
    }
  }

  /** A repeated first webhook is answered with what the call is at. */
  async expectTold({ instructions, orders }: Told): Promise<void> {
    const told = await this.#ask(`${this.#call.nextOrigin()}/webhooks/inbound`, 'ringing')
    expect(told, 'what the leg is told').toEqual(instructions)
    await vi.waitFor(() => expect(this.#orders(), 'orders to the carrier').toEqual(orders), SOON)
  }

  isStreaming(): boolean {
    return this.#stream?.isOpen ?? false
  }

  async leave(): Promise<void> {
    this.#stream?.drop()
    await this.#reportEnd('completed')
  }

  #orders(): LegOrder[] {
    const ours = this.#carrier.orders.filter(({ callSid }) => callSid === this.providerCallId)
    return ours.map(({ fields: { Status, Url = '', Method } }) => {
      if (Status === 'completed') return 'hang-up'
      if (isQuestion(Url, this.#call.firstOrigin) && Method === 'POST') return 'redirect'
      throw new Error(`The REST API was asked for Status "${Status}", ${Method} ${Url}.`)
    })
  }

  /** A leg that was redirected out of a bridge names it, as the URL that it was given does. */
  #poll(leaves?: number): Promise<LegInstruction[]> {
    const question = this.#urlOf('status-callback')
    if (leaves !== undefined) question.searchParams.set('leaves', `${leaves}`)
    return this.#ask(question.href)
  }

  /** The address is the one in the TwiML; a leg that never had a stream can only mean the bare one. */
  #reportStreamEnd(bridgeNumber: number): Promise<LegInstruction[]> {
    const action = this.#urlOf('stream-ended')
    if (bridgeNumber > 0) action.searchParams.set('bridgeNumber', `${bridgeNumber}`)
    return this.#ask(action.href)
  }

  /** At whichever node is asked next, with the leg that the last TwiML named. */
  #urlOf(webhook: string): URL {
    const url = new URL(`/webhooks/${webhook}`, this.#call.nextOrigin())
    const leg = this.#told?.leg
    if (leg) url.searchParams.set('leg', leg)
    return url
  }

  async #reportEnd(status: LegEndStatus): Promise<void> {
    const url = `${this.#call.nextOrigin()}/webhooks/call-status`
    const fields = { ...this.#fields(status), CallDuration: '42', SequenceNumber: '0' }
    const response = await this.#carrier.post(url, fields)
    if (response.status !== 204) throw new Error(`A call status was answered with ${response.status}.`)
  }

  /** A leg that was moved, or whose stream broke, asks before it connects. */
  async #join(bridgeNumber: number): Promise<void> {
    if (!this.#connects(bridgeNumber)) await this.#poll()
    const connect = this.#told?.connect
    if (!connect || !this.#connects(bridgeNumber))
      throw new Error(`The leg is not told to open stream ${bridgeNumber}.`)
    this.#stream = await this.#carrier.openStream(connect.stream.url)
    this.#stream.start(this.providerCallId, connect.parameters)
  }

  #connects(bridgeNumber: number): boolean {
    return (
      this.#told?.instructions.some(
        (told) => told.do === 'connect-media' && told.bridgeNumber === bridgeNumber,
      ) ?? false
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

/** The address that a redirected leg is sent to: the bridge that it leaves is named, if there is one. */
function isQuestion(address: string, origin: string): boolean {
  const url = URL.parse(address)
  return (
    url?.origin === origin &&
    url.pathname === '/webhooks/status-callback' &&
    /^\?leg=[0-9a-f-]{36}(&leaves=\d+)?$/.test(url.search)
  )
}
