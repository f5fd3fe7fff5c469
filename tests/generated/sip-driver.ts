import { expect, vi } from 'vitest'
import type { LegInstruction } from '../../machines/instructions.ts'
import { SERVICE_NUMBER } from '../support/scripted-world.ts'
import type { AnsweringPhone, IncomingCall } from '../support/simulated-sip/phone/incoming-call.ts'
import type { PhoneCall } from '../support/simulated-sip/phone/phone-call.ts'
import type { SipCall } from '../support/simulated-sip/phone/sip-call.ts'
import type { CarrierEvent, DrivenCall, LegDriver, Told } from './leg-driver.ts'
import { COLLEAGUE, type SipCarrier } from './sip-carrier.ts'

/** How long FreeSWITCH and the leg may take for what they do by themselves. */
const SOON = { timeout: 5_000, interval: 10 }

/** What a leg can be seen to do: an instruction, without the number of the bridge. */
type Doing = Exclude<LegInstruction, { do: 'connect-media' }> | { do: 'connect-media' }

const SOUNDS: [address: RegExp, doing: (round: number) => Doing][] = [
  [/\/audio\/(?:greeting\/[0-9a-f]{64}|spoken\/greeting)\.wav$/, () => ({ do: 'play-greeting' })],
  [/\/audio\/hold\/(\d+)\.wav\?ms=\d+$/, (round) => ({ do: 'hold', round })],
  [/\/audio\/spoken\/apology\.wav$/, () => ({ do: 'say', message: 'apology' })],
]

/** Leads a call as a phone, its FreeSWITCH and the network between that and the relay. */
export class SipDriver implements LegDriver {
  readonly #carrier: SipCarrier
  readonly #call: DrivenCall
  #line: SipCall | null = null
  /** Whose line is the leg's: the caller's, and after a transfer the colleague's. */
  #onLine: PhoneCall | null = null
  #colleague: AnsweringPhone | null = null
  #ringing: Promise<IncomingCall> | null = null
  #leg = { callId: '', channel: '' }

  constructor(carrier: SipCarrier, call: DrivenCall) {
    this.#carrier = carrier
    this.#call = call
  }

  get providerCallId(): string {
    if (!this.#line) throw new Error('The call has not begun.')
    return this.#line.callId
  }

  async begin(): Promise<void> {
    this.#line = this.#carrier.phone.invite({ from: this.#call.from, to: SERVICE_NUMBER })
    this.#line.withholdsBye = true
    this.#onLine = this.#line
    const { status } = await this.#line.final
    if (status !== 200) throw new Error(`The INVITE was answered with ${status}.`)
    this.#leg = await this.#carrier.legOf(this.#line.callId)
  }

  async perform(event: CarrierEvent): Promise<null> {
    switch (event.type) {
      case 'leg.instructionsRequested':
        await this.#playToTheEnd()
        break
      case 'leg.streamEnded':
        // FreeSWITCH loses its socket, whatever the relay has of it.
        ;(await this.#heldFork()).breakFreeSwitch()
        break
      case 'leg.ended':
        this.#hangUp()
        break
      case 'media.joined':
        await (await this.#heldFork()).letThrough()
        break
      case 'media.lost':
        ;(await this.#heldFork()).endRelay(event)
        break
      case 'transfer.requested':
        await this.#refer(COLLEAGUE, 202)
        break
      case 'transfer.refused':
        await this.#refer('+19005550100', 403)
        break
      case 'transfer.completed':
        await this.#handOver()
        break
      case 'transfer.failed':
        ;(await this.#ringingColleague()).refuse(486)
    }
    return null
  }

  /** Nobody orders a SIP leg anything: it follows its call, and what it does is the first thing that the call tells it. */
  async expectTold({ instructions: [first], mayStillPlay }: Told): Promise<void> {
    const told = first?.do === 'connect-media' ? { do: first.do } : first
    await vi.waitFor(async () => {
      const doing = await this.#doing()
      if (mayStillPlay && doing.do === 'connect-media') return
      expect(doing, 'what the leg does').toEqual(told)
    }, SOON)
  }

  isStreaming(): boolean {
    return this.#forks.some(({ isRelayed }) => isRelayed)
  }

  async leave(): Promise<void> {
    this.#colleague?.close()
    if (!this.#line?.isAnswered) return
    this.#phone.withholdsBye = false
    this.#hangUp()
    for (const fork of this.#forks) fork.cut()
  }

  get #phone(): PhoneCall {
    if (!this.#onLine) throw new Error('The call has not begun.')
    return this.#onLine
  }

  /** The caller's PBX wants this number to have the call, at a phone that rings until the path says what it does. */
  async #refer(number: string, expected: number): Promise<void> {
    this.#colleague ??= this.#carrier.phone.answering()
    this.#colleague.picksUp = false
    this.#ringing = this.#colleague.nextCall()
    const { status } = await this.#phone.refer(`sip:${number}@${this.#colleague.address}`)
    if (status !== expected) throw new Error(`The REFER was answered with ${status}.`)
  }

  #ringingColleague(): Promise<IncomingCall> {
    if (!this.#ringing) throw new Error('Nobody was to be called.')
    return this.#ringing
  }

  /** The colleague picks up, and has the line when the caller is let go. */
  async #handOver(): Promise<void> {
    const colleague = await this.#ringingColleague()
    colleague.withholdsBye = true
    const caller = this.#phone
    caller.withholdsBye = false
    colleague.answer()
    await caller.ended
    this.#onLine = colleague
  }

  get #forks() {
    return this.#carrier.gate.forksOf(this.#leg.callId)
  }

  /** The fork that FreeSWITCH waits for, or takes for open. */
  #heldFork() {
    return vi.waitFor(() => {
      const fork = this.#forks.find(({ isHeld }) => isHeld)
      if (!fork) throw new Error('FreeSWITCH has no fork of this call.')
      return fork
    }, SOON)
  }

  async #doing(): Promise<Doing> {
    if (this.#phone.isOver || this.#phone.owesBye) return { do: 'hang-up' }
    if (this.#forks.some(({ isHeld }) => isHeld)) return { do: 'connect-media' }
    const sound = await this.#carrier.ask(`uuid_getvar ${this.#leg.channel} current_application_data`)
    for (const [address, doing] of SOUNDS) {
      const [found, round] = address.exec(sound) ?? []
      if (found) return doing(Number(round))
    }
    throw new Error(`The leg plays ${sound}.`)
  }

  /** The greeting may be followed by a round of music before the leg asks. */
  async #playToTheEnd(): Promise<void> {
    const heard = await this.#doing()
    await this.#breakSound()
    if (heard.do !== 'play-greeting') return
    const next = await vi.waitFor(async () => {
      const doing = await this.#doing()
      expect(doing).not.toEqual(heard)
      return doing
    }, SOON)
    if (next.do === 'hold' && next.round === 0) await this.#breakSound()
  }

  async #breakSound(): Promise<void> {
    await this.#carrier.ask(`uuid_break ${this.#leg.channel} all`)
  }

  #hangUp(): void {
    if (this.#phone.owesBye) this.#phone.answerBye()
    else if (!this.#phone.isOver) void this.#phone.bye()
  }
}
