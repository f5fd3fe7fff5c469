import type { Logger } from 'pino'
import type { LegEndStatus, TransferEvent } from '../../../machines/call-events.ts'
import { type CallView, transferInstruction } from '../../../machines/instructions.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import type { CarrierCall } from '../calls-port.ts'
import type { SipDialog, SipRequest, SipResponse, Srf } from './drachtio.ts'
import type { LegMedia } from './leg-media.ts'
import {
  failureOf,
  GivenUp,
  hangUp,
  inviteParty,
  notYet,
  SipFailure,
  withdrawInvite,
} from './party-invite.ts'
import { type RefusedTransfer, type TransferRules, type TransferTarget, transferTarget } from './refer.ts'
import type { InviteNames, LegCalls } from './sip-ports.ts'

/** Whoever asks hears an answer sooner than it would ask again; a database that is away for longer is another's fault. */
const ANSWER_MS = 2_000
/** How long an outcome waits to be written before whoever asked is told it all the same. */
const TOLD_FIRST_MS = 1_000
/** So many refusals of a leg are written down; the other end could ask without end. */
const MOST_REFUSALS_TOLD = 20

const RETRY_AFTER = { 'Retry-After': '5' }

/** A leg whose caller can be replaced; see SipLeg. */
interface TransferableLeg {
  readonly view: CallView
  readonly dialog: SipDialog
  readonly media: LegMedia
  readonly agreedSdp: string
  follow(view: CallView): void
  tellWhile(signal: AbortSignal, event: TransferEvent): Promise<void>
  moveTo(dialog: SipDialog): void
  end(status: LegEndStatus): Promise<void>
}

export type LegTransfersOptions = TransferRules & {
  srf: Srf
  leg: TransferableLeg
  call: CarrierCall
  providerCallId: string
  calls: LegCalls
  /** How to find the INVITE to the party that is being called when this process is gone; null when there is none any more. */
  onCalling: (invite: InviteNames | null) => Promise<void>
  onUnsaidBye: (dialog: SipDialog) => void
  log: Logger
}

/** A REFER that may be followed, from the question to its end. */
type Transfer = {
  number: number
  target: TransferTarget
  /** Whose other end has asked, and is told what comes of it. */
  dialog: SipDialog
  req: SipRequest
  res: SipResponse
  /** By which the party is being called. */
  invite: InviteNames | null
  /** Aborted when the party is not to have the call: with why, where it is not the call that says so. */
  givenUp: AbortController
  /** Resolves when the call says that the party takes the caller's place. */
  agreed: PromiseWithResolvers<void>
}

/**
 * Puts somebody else in a caller's place. Whether a transfer begins and whether it is done is the call's to say: what the other end
 * asks and what the party answers is told to it, and its views are followed.
 */
export class LegTransfers {
  readonly #options: LegTransfersOptions
  readonly #log: Logger
  /** Asked for, and not decided. */
  readonly #asked = new Map<number, Transfer>()
  #running: Transfer | null = null
  /** Its party's session is in the leg's media already, and the leg still in its caller's dialog. */
  #replacing: Transfer | null = null
  /** Resolves when what was last known of an INVITE is written down: one after the other, for the last word counts. */
  #noted: Promise<void> = Promise.resolve()
  #numbers = 0
  #refusals = 0

  constructor(options: LegTransfersOptions) {
    this.#options = options
    const { callId, legId } = options.call
    this.#log = options.log.child({ callId, legId })
  }

  /** Whether the leg's media is between its caller and somebody who takes the caller's place. */
  get isReplacing(): boolean {
    return this.#replacing !== null
  }

  /** The other end of the leg wants somebody else to have the call. It is answered when the call has decided. */
  async request(req: SipRequest, res: SipResponse): Promise<void> {
    const { leg, call, calls, providerCallId } = this.#options
    const { dialog, media } = leg
    const target = transferTarget(req, { invite: dialog.req, encryption: media.encryption }, this.#options)
    if ('status' in target) return this.#refuse(res, target)
    const number = ++this.#numbers
    const parts = { givenUp: new AbortController(), agreed: Promise.withResolvers<void>() }
    const transfer = { number, target, dialog, req, res, invite: null, ...parts }
    this.#asked.set(number, transfer)
    try {
      const { to } = target
      const asked = { type: 'transfer.requested', transferNumber: number, to } as const
      const told = calls.tell(providerCallId, { ...asked, leg: call.legId }, `transfer:${number}`)
      const now = await withTimeout(ANSWER_MS, told, 'the call was not told of a REFER in time')
      if (now) leg.follow(now.view)
      if (this.#asked.has(number)) this.#refuse(res, { to, ...this.#whyNot() })
    } catch (error) {
      this.#log.warn({ err: error }, 'a transfer cannot be begun')
      this.#refuse(res, { to: target.to, status: 503, reason: 'unavailable', headers: RETRY_AFTER })
    } finally {
      this.#asked.delete(number)
    }
  }

  follow(view: CallView): void {
    const { transferNumber } = view.context
    if (this.#running) this.#decide(this.#running, view)
    if (this.#running || transferInstruction(view, transferNumber) !== 'call-party') return
    const transfer = this.#asked.get(transferNumber)
    this.#asked.delete(transferNumber)
    // Whoever asked was told that it cannot be done, before it was known that the call had been told.
    if (!transfer) void this.#report({ type: 'transfer.failed', transferNumber, ...UNWANTED })
    else void this.#carryOut(transfer)
  }

  /** The leg is over: nobody is called for it any more. */
  end(): void {
    this.#running?.givenUp.abort(new GivenUp())
  }

  /** drachtio-server is connected anew: what the party answers to an INVITE of before goes nowhere. */
  resume(): void {
    const transfer = this.#running
    if (!transfer?.invite || this.#replacing === transfer) return
    void withdrawInvite(this.#options.srf, transfer.invite)
    transfer.givenUp.abort(new SipFailure('drachtio-server was lost', { status: 503 }))
  }

  #decide({ number, givenUp, agreed }: Transfer, view: CallView): void {
    const instruction = transferInstruction(view, number)
    if (instruction === 'replace-caller') agreed.resolve()
    if (instruction !== 'give-up') return
    givenUp.abort(new GivenUp())
    // Another one may begin while the end of this one is told.
    this.#running = null
  }

  async #carryOut(transfer: Transfer): Promise<void> {
    const { leg, onUnsaidBye } = this.#options
    const { dialog, res } = transfer
    this.#running = transfer
    res.send(202)
    try {
      await this.#tellAsker(transfer, 'SIP/2.0 100 Trying')
      await this.#replaceCaller(transfer)
      this.#log.info('A call was put through')
      await this.#tellAsker(transfer, 'SIP/2.0 200 OK')
      await hangUp(dialog, onUnsaidBye)
      if (!leg.dialog.connected) await leg.end('completed')
    } catch (error) {
      await this.#fail(transfer, error)
    } finally {
      if (this.#running === transfer) this.#running = null
      if (this.#running === null) this.#note(null)
    }
  }

  async #replaceCaller(transfer: Transfer): Promise<void> {
    const { srf, leg, onUnsaidBye } = this.#options
    const { target, givenUp, agreed, number } = transfer
    const onNamed = (names: InviteNames) => {
      transfer.invite = names
      this.#note(names)
    }
    const { signal } = givenUp
    const { media } = leg
    const about = { 'Referred-By': `<${transfer.dialog.remote.uri}>`, ...RINGS_NO_LONGER }
    const dialog = await inviteParty(srf, {
      uri: target.uri,
      headers: { ...target.headers, ...about },
      localSdp: media.sdp,
      signal,
      onNamed,
      onUnsaidBye,
    })
    this.#replacing = transfer
    try {
      if (leg.media !== media)
        throw new SipFailure('the media that the party was offered is gone', { status: 500 })
      await Promise.race([media.modify(dialog.remote.sdp ?? '').catch(unusable), untilAborted(signal)])
      await leg.tellWhile(signal, { type: 'transfer.completed', transferNumber: number })
      await Promise.race([agreed.promise, untilAborted(signal)])
      leg.moveTo(dialog)
      dialog.off('modify', notYet)
    } catch (error) {
      await Promise.all([hangUp(dialog, onUnsaidBye), this.#takeBack(media)])
      throw error
    } finally {
      if (this.#replacing === transfer) this.#replacing = null
    }
  }

  /** The caller keeps the media, unless it was lost meanwhile. */
  async #takeBack(media: LegMedia): Promise<void> {
    const { leg } = this.#options
    if (leg.media !== media) return
    await media.modify(leg.agreedSdp).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'FreeSWITCH does not take a caller back')
      return leg.end('failed')
    })
  }

  /** The call goes on as it was, if it does. */
  async #fail(transfer: Transfer, error: unknown): Promise<void> {
    const { number: transferNumber } = transfer
    if (error instanceof GivenUp) {
      await this.#tellAsker(transfer, `SIP/2.0 ${GIVEN_UP.status} Failed`)
      return
    }
    const { status = 500 } = error as { status?: number }
    this.#log.warn({ err: error }, 'a call could not be put through; it goes on as it was')
    const failed = { type: 'transfer.failed', transferNumber, status, reason: failureOf(status) } as const
    await withTimeout(TOLD_FIRST_MS, this.#report(failed), '').catch(() => {})
    await this.#tellAsker(transfer, `SIP/2.0 ${status} Failed`)
  }

  #note(invite: InviteNames | null): void {
    const { onCalling } = this.#options
    this.#noted = this.#noted.then(() => onCalling(invite))
  }

  /** What comes of it is told in the dialog in which it was asked (RFC 3515 §2.4.4), which may be over. */
  async #tellAsker({ number, dialog, req }: Transfer, line: string): Promise<void> {
    if (!dialog.connected) return
    const isLast = !line.includes(' 100 ')
    const headers = {
      // Later subscriptions in the same dialog are told apart (§2.4.6).
      Event: number === 1 ? 'refer' : `refer;id=${Number.parseInt(req.get('cseq') ?? '', 10)}`,
      'Subscription-State': isLast ? 'terminated;reason=noresource' : 'active;expires=60',
      'Content-Type': 'message/sipfrag',
    }
    await dialog.request({ method: 'NOTIFY', headers, body: line }).catch(() => {})
  }

  #whyNot(): Pick<RefusedTransfer, 'status' | 'reason'> {
    const { view } = this.#options.leg
    return transferInstruction(view, view.context.transferNumber) === 'call-party'
      ? { status: 491, reason: 'transfer_running' }
      : { status: 603, reason: 'leg_closing' }
  }

  #refuse(res: SipResponse, { headers = {}, ...refused }: RefusedTransfer): void {
    const { status, reason } = refused
    res.send(status, { headers })
    this.#log.warn({ status, reason }, 'a transfer was refused')
    this.#refusals++
    if (this.#refusals <= MOST_REFUSALS_TOLD) void this.#report({ type: 'transfer.refused', ...refused })
  }

  /** Resolves when the call has taken it. */
  #report(event: TransferEvent): Promise<unknown> {
    const { call, calls, providerCallId } = this.#options
    const about = 'transferNumber' in event ? event.transferNumber : `refused:${this.#refusals}`
    return calls.report(providerCallId, { ...event, leg: call.legId }, `${event.type}:${about}`).outcome
  }
}

/** Seconds after which a party's phone gives up by itself (RFC 3261 §13.3.1), also where nobody is left who could withdraw the INVITE. */
const RINGS_NO_LONGER = { Expires: '60' }
/** In SIP's terms: nobody waits for the party any more (RFC 3261 §21.4.25). */
const GIVEN_UP = { status: 487 }
const UNWANTED = { status: 503, reason: 'unreachable' } as const

/** What FreeSWITCH does not take is no session that both ends could have. */
function unusable(cause: unknown): never {
  throw new SipFailure('the party’s session cannot be used', { status: 488, cause })
}

function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  if (signal.aborted) reject(signal.reason)
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise
}
