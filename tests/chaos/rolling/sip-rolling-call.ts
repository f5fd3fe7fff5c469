import { setTimeout as sleep } from 'node:timers/promises'
import type { SipCall } from '../../support/simulated-sip/phone/sip-call.ts'
import type { SimulatedSip } from '../../support/simulated-sip/start-sip-network.ts'
import { SERVICE_NUMBER, type World } from '../../support/world.ts'
import type { RollingPlan } from './plan.ts'
import { RollingCall } from './rolling-call.ts'

/** A trunk that is told 503 tries again, or the next server. */
const MOST_TRIES = 10
const TRY_AGAIN_MS = 500

/** A call over SIP. */
export class SipRollingCall extends RollingCall {
  readonly isTold = true
  readonly hasApologized = false
  readonly #sip: SimulatedSip
  readonly #from: string
  #line: SipCall

  constructor(plan: RollingPlan, from: string, { vendor }: World, sip: SimulatedSip) {
    super(plan, vendor)
    this.#sip = sip
    this.#from = from
    this.#line = this.#invite()
    void this.#live()
  }

  override get sid(): string {
    return this.#line.callId
  }

  override get seenByCarrier(): string[] {
    const statuses = this.#line.responses.map(({ status }) => status)
    return [`SIP: ${[...statuses, ...this.#line.requests.map(({ method }) => method)].join(' ')}`]
  }

  override hangUp(): void {
    if (!this.#line.isAnswered || this.#line.isOver) return
    void this.#line.bye()
    this.over('caller')
  }

  /** FreeSWITCH loses the socket of its fork. */
  dropStream(channel: string): void {
    for (const fork of this.#sip.freeSwitch.channels.get(channel)?.forks.values() ?? []) fork.drop()
  }

  /** While true, the service's BYE is not answered. */
  withholdBye(withhold: boolean): void {
    this.#line.withholdsBye = withhold
    if (!withhold) this.#line.answerBye()
  }

  #invite(): SipCall {
    return this.#sip.phone.invite({ from: this.#from, to: SERVICE_NUMBER })
  }

  async #live(): Promise<void> {
    let { status } = await this.#line.final
    for (let tries = 1; status === 503 && tries < MOST_TRIES; tries++) {
      await sleep(TRY_AGAIN_MS)
      this.#line = this.#invite()
      status = (await this.#line.final).status
    }
    if (status === 200) return this.over((await this.#line.ended).by === 'phone' ? 'caller' : 'service')
    this.gaveUp = `refused with ${status}`
    this.over('service')
  }
}
