import type { SipRequest } from './drachtio.ts'
import { callIdOf } from './invite-rules.ts'

const MAX_BRANCH = 50

/** An INVITE that may be called back at any time. */
export class Invite {
  readonly req: SipRequest
  isCanceled = false
  #providerCallId: string

  /** Made in the first moment of its handling: a CANCEL that nobody listened for would not be heard of again. */
  constructor(req: SipRequest) {
    this.req = req
    this.#providerCallId = callIdOf(req)
    req.once('cancel', () => {
      this.isCanceled = true
    })
  }

  /** What the call is known by. */
  get providerCallId(): string {
    return this.#providerCallId
  }

  /** The Call-ID has been a call's before; what names this request alone tells the two apart. */
  isAgain(): void {
    const branch = /branch=([^;,\s]+)/.exec(this.req.get('via') ?? '')?.[1] ?? ''
    this.#providerCallId += ` ${branch.slice(0, MAX_BRANCH)}`
  }

  /** Empty when the caller makes no offer and waits for ours. */
  get sdp(): string {
    return this.req.body ?? ''
  }
}
