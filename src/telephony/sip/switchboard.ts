import type { Logger } from 'pino'
import type { LegEndStatus } from '../../../machines/call-events.ts'
import type { CarrierCall, LegRegister } from '../../calls/ports.ts'
import type { Doorkeeper } from './admission.ts'
import { offersWideband } from './codec-order.ts'
import type { SipDialog, SipHeaders, SipRequest, SipResponse, Srf } from './drachtio.ts'
import { forkRatesFor, TELEPHONE_RATE } from './fork-rates.ts'
import { handleInDialog } from './in-dialog.ts'
import type { LegMedia } from './leg-media.ts'
import { isOfTheCaller, type MediaServers } from './media-servers.ts'
import { type Parties, partiesOf } from './parties.ts'
import { type Refusal, RefusalLog } from './refusal-log.ts'
import { SipLeg } from './sip-leg.ts'
import type { LegCalls, Relays, Sounds } from './sip-ports.ts'

/** When a trunk that was refused for now may come again, in seconds. */
const RETRY_AFTER = { 'Retry-After': '5' }

type Refused = Omit<Refusal, 'address'> & { headers?: SipHeaders }

const UNAVAILABLE: Refused = { status: 503, reason: 'sip_unavailable', headers: RETRY_AFTER }

export type SwitchboardOptions = {
  srf: Srf
  servers: MediaServers
  doorkeeper: Doorkeeper
  /** The numbers that are answered; null means all. */
  numbers: readonly string[] | null
  calls: LegCalls
  register: LegRegister
  sounds: Sounds
  relays: Relays
  isDraining: () => boolean
  /** Counts a request that was refused or made no sense. */
  onRejected: (reason: string) => void
  /** A BYE is owed to this dialog's other party. */
  onUnsaidBye: (dialog: SipDialog) => void
  /** How long a caller waited for the answer. */
  onAnswered: (seconds: number) => void
  log: Logger
}

/** Takes calls, and holds their legs. */
export class Switchboard {
  readonly #options: SwitchboardOptions
  readonly #legs = new Map<string, SipLeg>()
  readonly #refusals: RefusalLog

  constructor(options: SwitchboardOptions) {
    this.#options = options
    this.#refusals = new RefusalLog(options.log)
    options.srf.invite((req, res) => void this.#invited(req, res))
    options.srf.options((req, res) => this.#asked(req, res))
  }

  get legs(): Iterable<SipLeg> {
    return this.#legs.values()
  }

  get liveLegs(): number {
    return this.#legs.size
  }

  /** Ends every leg. */
  async endAll(status: LegEndStatus): Promise<void> {
    await Promise.all([...this.#legs.values()].map((leg) => leg.end(status)))
  }

  /** A trunk's question whether we are there: the answer is what an INVITE would get. */
  #asked(req: SipRequest, res: SipResponse): void {
    const { doorkeeper, isDraining, servers } = this.#options
    if (!doorkeeper.isTrunk(req.source_address)) {
      this.#refuse(req, res, { status: 403, reason: 'sip_forbidden' })
      return
    }
    const isOpen = !isDraining() && servers.fault === null
    res.send(isOpen ? 200 : 503, isOpen ? {} : { headers: RETRY_AFTER })
  }

  async #invited(req: SipRequest, res: SipResponse): Promise<void> {
    const invite = new Invite(req)
    try {
      const parties = this.#admit(req, res)
      if (parties) await this.#answer(invite, res, parties)
    } catch (error) {
      this.#options.log.error({ err: error }, 'an INVITE could not be answered')
      if (!res.finalResponseSent && !invite.isCanceled) res.send(500, { headers: RETRY_AFTER })
    }
  }

  /** Null when the request was refused, for which nothing is looked up. */
  #admit(req: SipRequest, res: SipResponse): Parties | null {
    const { doorkeeper, servers, numbers } = this.#options
    const verdict = doorkeeper.examine(req)
    if (!verdict.admitted) return this.#refuse(req, res, verdict)
    if (verdict.isAuthenticated) this.#refusals.authenticated(req.source_address)
    const parties = partiesOf(req)
    if (!parties || !req.has('Contact') || callIdOf(req).length > MAX_CALL_ID)
      return this.#refuse(req, res, { status: 400, reason: 'sip_malformed' })
    if (numbers && !numbers.includes(parties.to))
      return this.#refuse(req, res, { status: 404, reason: 'sip_unknown_number' })
    if (servers.fault !== null) return this.#refuse(req, res, UNAVAILABLE)
    return parties
  }

  #refuse(req: SipRequest, res: SipResponse, { status, reason, headers = {} }: Refused): null {
    this.#options.onRejected(reason)
    this.#refusals.refused({ address: req.source_address, status, reason })
    res.send(status, { headers })
    return null
  }

  /** The call is written down before anybody is answered, and every way out of here tells it how it ended. */
  async #answer(invite: Invite, res: SipResponse, parties: Parties): Promise<void> {
    const { onAnswered } = this.#options
    const begun = performance.now()
    const call = await this.#open(invite, parties)
    if (!call) return this.#merged(res)
    if (call.view.state === 'rejected') return this.#turnAway(invite, res)
    const media = await this.#mediaFor(invite, res, call)
    if (!media) return
    const dialog = await this.#accept(invite, res, media)
    if (!dialog) return this.#letGo(call, media)
    onAnswered((performance.now() - begun) / 1000)
    this.#begin(call, invite, dialog, media)
  }

  /**
   * Null for the same call by another way (RFC 3261 §8.2.2.2). Whoever was refused may try again under the same Call-ID
   * (§8.1.3.5), which is a call of its own.
   */
  async #open(invite: Invite, parties: Parties): Promise<CarrierCall | null> {
    const { calls } = this.#options
    const open = () => calls.open({ ...parties, providerCallId: invite.providerCallId, publicOrigin: 'sip:' })
    const first = await open()
    if (first.isNew) return first
    if (first.view.state !== 'ended') return null
    invite.isAgain()
    const again = await open()
    return again.isNew ? again : null
  }

  #merged(res: SipResponse): void {
    this.#options.onRejected('sip_merged')
    res.send(482)
  }

  /** The lines are taken, or this process is going: a trunk tries the next server sooner than a person would hear that out. */
  async #turnAway({ req, providerCallId }: Invite, res: SipResponse): Promise<void> {
    await this.#options.calls.tell(providerCallId, { type: 'leg.ended', status: 'failed' })
    this.#refuse(req, res, { status: 503, reason: 'sip_full', headers: RETRY_AFTER })
  }

  /** Null when none is to be had, or the caller has given up meanwhile. */
  async #mediaFor(invite: Invite, res: SipResponse, call: CarrierCall): Promise<LegMedia | null> {
    const { servers, calls, log } = this.#options
    const { callId } = call
    const { providerCallId } = invite
    try {
      const isWideband = await this.#suitsWideband(invite, callId)
      const media = await servers.open(invite.sdp, isWideband)
      await this.#register(call, media)
      if (!invite.isCanceled) return media
      await this.#letGo(call, media)
      await calls.tell(providerCallId, { type: 'leg.ended', status: 'canceled' })
    } catch (error) {
      const isTheirs = isOfTheCaller(error)
      if (!isTheirs) log.warn({ err: error, callId }, 'no FreeSWITCH took the leg')
      const status = invite.isCanceled ? 'canceled' : isTheirs ? 'failed' : 'media-server-lost'
      await calls.tell(providerCallId, { type: 'leg.ended', status })
      if (invite.isCanceled) return null
      if (isTheirs) this.#refuse(invite.req, res, { status: 488, reason: 'sip_no_codec' })
      else this.#refuse(invite.req, res, UNAVAILABLE)
    }
    return null
  }

  /** What is not known of an agent is no reason to keep its caller waiting. */
  async #suitsWideband({ sdp }: Invite, callId: string): Promise<boolean> {
    if (!offersWideband(sdp)) return false
    const { caller, agent } = forkRatesFor(await this.#options.calls.agentRates(callId).catch(() => null))
    return caller > TELEPHONE_RATE || agent > TELEPHONE_RATE
  }

  /** What nobody could find after this process is gone is not kept. */
  async #register({ callId }: CarrierCall, media: LegMedia): Promise<void> {
    const { server: mediaServer, channel } = media
    await orDestroy(media, this.#options.register.hold({ callId, mediaServer, channel, dialogId: null }))
  }

  async #letGo({ callId }: CarrierCall, media: LegMedia): Promise<void> {
    await media.destroy()
    await this.#options.register.release(callId)
  }

  /** Null when the caller had gone before the answer got out. */
  async #accept(invite: Invite, res: SipResponse, media: LegMedia): Promise<SipDialog | null> {
    const { srf, calls, log } = this.#options
    try {
      return await srf.createUAS(invite.req, res, { localSdp: media.sdp })
    } catch (error) {
      const isCanceled = invite.isCanceled || isForgotten(error)
      if (!isCanceled) log.warn({ err: error }, 'a SIP call could not be answered')
      const status = isCanceled ? 'canceled' : 'signalling-lost'
      await calls.tell(invite.providerCallId, { type: 'leg.ended', status })
      return null
    }
  }

  #begin(call: CarrierCall, { providerCallId }: Invite, dialog: SipDialog, media: LegMedia): void {
    const { calls, sounds, relays, register, servers, onUnsaidBye, log } = this.#options
    const openElsewhere = async (remoteSdp: string) => {
      const { isWideband, server } = leg.media
      const media = await servers.open(remoteSdp, isWideband, server)
      await orDestroy(
        media,
        register.moved(call.callId, { mediaServer: media.server, channel: media.channel }),
      )
      return media
    }
    const onDialog = (leg: SipLeg, dialog: SipDialog) => {
      handleInDialog(leg, dialog, this.#options)
      void this.#keep(call.callId, dialog)
    }
    const leg = new SipLeg({
      call,
      providerCallId,
      dialog,
      media,
      calls,
      sounds,
      relays,
      openElsewhere,
      onDialog,
      onUnsaidBye,
      log,
    })
    this.#legs.set(call.callId, leg)
    leg.begin()
    void leg.over.then(async () => {
      this.#legs.delete(call.callId)
      await register
        .release(call.callId)
        .catch((error: unknown) => log.warn({ err: error }, 'a leg is still registered'))
    })
  }

  async #keep(callId: string, dialog: SipDialog): Promise<void> {
    const { register, log } = this.#options
    await register
      .answered(callId, dialog.id)
      .catch((error: unknown) => log.warn({ err: error, callId }, 'a leg could not be registered'))
  }
}

/**
 * The answer crossed a CANCEL: drachtio-server has ended the INVITE and knows it no more. The library forgets whom to tell
 * of the CANCEL as soon as it has an answer to send.
 */
const isForgotten = (error: unknown): boolean => String(error).includes('unknown transaction')

/** The database keeps 255 letters of what a call is known by; phones make some forty. */
const MAX_CALL_ID = 200
const MAX_BRANCH = 50

const callIdOf = (req: SipRequest): string => req.get('call-id') ?? ''

/** Media that could not be written down is of no use. */
async function orDestroy(media: LegMedia, written: Promise<void>): Promise<void> {
  try {
    await written
  } catch (error) {
    await media.destroy()
    throw error
  }
}

/** An INVITE that may be called back at any time. */
class Invite {
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
