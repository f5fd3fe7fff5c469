import type { Logger } from 'pino'
import type { LegEndStatus } from '../../../machines/call-events.ts'
import type { Country } from '../../numbers/phone-numbers.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import type { CarrierCall } from '../calls-port.ts'
import type { Admitted, InviteAuthorizer } from './admission.ts'
import { offersWideband } from './codec-order.ts'
import { namesHosts } from './contact.ts'
import { isForgotten, type SipDialog, type SipRequest, type SipResponse, type Srf } from './drachtio.ts'
import { forkRatesFor, TELEPHONE_RATE } from './fork-rates.ts'
import { type FreeSwitchServers, refusalOf } from './free-switch-servers.ts'
import { handleInDialog } from './in-dialog.ts'
import { Invite } from './invite.ts'
import {
  FULL_TRUNK,
  faultOfInvite,
  MALFORMED,
  RETRY_AFTER,
  type Refused,
  UNANSWERABLE,
  UNAVAILABLE,
} from './invite-rules.ts'
import { LegBook } from './leg-book.ts'
import type { LegMedia } from './leg-media.ts'
import { LegTransfers } from './leg-transfers.ts'
import { type Encryption, encryptionsFor, isEncryptedTransport, type SrtpPolicy } from './media-encryption.ts'
import type { OfferTerms } from './offer.ts'
import { type Parties, partiesOf } from './parties.ts'
import { RefusalLog } from './refusal-log.ts'
import { SipLeg } from './sip-leg.ts'
import type { LegCalls, LegRegister, LinkCaller, LinkCallers, Relays, Sounds } from './sip-ports.ts'
import { tellStates } from './state-report.ts'
import type { Trunk } from './trunks/trunk-directory.ts'
import type { TrunkPlaces } from './trunks/trunk-places.ts'

/** A trunk is told to try elsewhere sooner than its caller would give up the silence. */
const OPEN_MS = 2_000
/** The discard port of drachtio-server's own host, where nobody answers. */
const NOWHERE = 'sip:127.0.0.1:9'

export type SwitchboardOptions = {
  srf: Srf
  servers: FreeSwitchServers
  authorizer: InviteAuthorizer
  /** Null where nobody calls from a browser. */
  links: LinkCallers | null
  places: TrunkPlaces
  /** The numbers that are answered, but for trunks with some of their own; null means all. */
  numbers: readonly string[] | null
  /** A number's one spelling; null as its country for DEFAULT_COUNTRY. */
  canonical: (spelling: string, country: Country | null) => string
  transferNumbers: readonly string[] | null
  /** Whether the audio of this caller is to be encrypted. */
  srtpOf: (caller: Admitted) => SrtpPolicy
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
  readonly #book: LegBook

  constructor(options: SwitchboardOptions) {
    this.#options = options
    this.#refusals = new RefusalLog(options.log)
    this.#book = new LegBook(options)
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
    const { authorizer, isDraining, servers } = this.#options
    if (!authorizer.isFromTrunk(req)) {
      this.#refuse(req, res, { status: 403, reason: 'sip_forbidden' })
      return
    }
    const isOpen = !isDraining() && servers.fault === null
    res.send(isOpen ? 200 : 503, isOpen ? {} : { headers: RETRY_AFTER })
  }

  async #invited(req: SipRequest, res: SipResponse): Promise<void> {
    if (!namesHosts(req.get('contact') ?? 'sip:none')) return this.#strand(req)
    const invite = new Invite(req)
    try {
      const admitted = await this.#admit(req, res)
      if (admitted?.link) await this.#answerOnce(invite, res, admitted, admitted.link)
      else if (admitted) await this.#answerInPlace(invite, res, admitted)
    } catch (error) {
      this.#options.log.error({ err: error }, 'an INVITE could not be answered')
      if (!res.finalResponseSent && !invite.isCanceled) this.#refuse(req, res, UNAVAILABLE)
    }
  }

  /** Null when the request was refused, for which nothing is looked up, but who may call by a link. */
  async #admit(req: SipRequest, res: SipResponse): Promise<Expected | null> {
    const { authorizer, servers, canonical, srtpOf } = this.#options
    const verdict = await authorizer.examine(req)
    if (!verdict.admitted) return this.#refuse(req, res, verdict)
    const link = verdict.caller === 'link' ? verdict.link : null
    if (verdict.caller !== 'trunk') this.#refusals.authenticated(req.source_address)
    const parties = partiesOf(req, verdict, canonical)
    const fault = parties ? faultOfInvite(req) : MALFORMED
    if (!parties || fault) return this.#refuse(req, res, fault ?? MALFORMED)
    if (!link && !this.#answers(parties.to, verdict))
      return this.#refuse(req, res, { status: 404, reason: 'sip_unknown_number' })
    if (!(await servers.areThere())) return this.#refuse(req, res, UNAVAILABLE)
    const encryptions = encryptionsFor(srtpOf(verdict), isEncryptedTransport(req.protocol))
    return { parties, encryptions, link, trunk: verdict.caller === 'trunk' ? verdict.trunk : null }
  }

  /** A link is good for one call: it is used up before the call is written down, and given back when nothing came of it. */
  async #answerOnce(
    invite: Invite,
    res: SipResponse,
    expected: Expected,
    { linkId }: LinkCaller,
  ): Promise<void> {
    const { links, log } = this.#options
    const { providerCallId } = invite
    const claim = links?.claim(linkId, providerCallId) ?? Promise.resolve(false)
    if (!(await withTimeout(OPEN_MS, claim, 'a phone link was not taken in time'))) {
      this.#refuse(invite.req, res, { status: 403, reason: 'sip_link_used' })
      return
    }
    let leg: SipLeg | null = null
    try {
      leg = await this.#answer(invite, res, expected)
    } finally {
      if (!leg) {
        await links
          ?.giveBack(linkId, providerCallId)
          .catch((error: unknown) => log.warn({ err: error }, 'a phone link is used up without a call'))
      }
    }
    if (leg) tellStates(leg, this.#options)
  }

  /** A call of a trunk takes one of its places, until the leg is over or nothing came of the INVITE. */
  async #answerInPlace(invite: Invite, res: SipResponse, expected: Expected): Promise<void> {
    const place = await this.#options.places.take(expected.trunk)
    if (typeof place === 'string') {
      this.#refuse(invite.req, res, FULL_TRUNK[place])
      return
    }
    try {
      const leg = await this.#answer(invite, res, expected)
      await leg?.over
    } finally {
      place.leave()
    }
  }

  #answers(number: string, verdict: Admitted): boolean {
    const own = verdict.caller === 'trunk' ? verdict.trunk.numbers : []
    const answered = own.length > 0 ? own : this.#options.numbers
    return answered === null || answered.includes(number)
  }

  /**
   * Any answer of ours to this one would end drachtio-server, and no answer would have it keep the INVITE for ever. So it is
   * sent on to where nobody is, and drachtio-server answers by itself after a second (408).
   */
  async #strand(req: SipRequest): Promise<void> {
    const { srf, onRejected, log } = this.#options
    onRejected(MALFORMED.reason)
    this.#refusals.refused({ address: req.source_address, ...MALFORMED })
    await srf
      .proxyRequest(req, NOWHERE, { provisionalTimeout: '1s', finalTimeout: '1s' })
      .catch((error: unknown) => log.warn({ err: error }, 'an INVITE without an address could not be left'))
  }

  #refuse(req: SipRequest, res: SipResponse, { status, reason, headers = {} }: Refused): null {
    this.#options.onRejected(reason)
    this.#refusals.refused({ address: req.source_address, status, reason })
    res.send(status, { headers })
    return null
  }

  /**
   * The call is written down before anybody is answered, and every way out of here tells it how it ended. Null when there is
   * no leg in the end.
   */
  async #answer(
    invite: Invite,
    res: SipResponse,
    { parties, encryptions, trunk }: Expected,
  ): Promise<SipLeg | null> {
    const { onAnswered } = this.#options
    const begun = performance.now()
    const call = await this.#open(invite, parties)
    if (!call) return this.#merged(res)
    if (call.view.state === 'rejected') return this.#turnAway(invite, res)
    const media = await this.#mediaFor(invite, res, { call, encryptions, codecs: trunk?.codecs ?? [] })
    if (!media) return null
    const begin = (dialog: SipDialog) => this.#begin(call, invite, dialog, media)
    const leg = await this.#accept(invite, res, media, begin)
    if (!leg) return this.#letGo(call, media)
    onAnswered((performance.now() - begun) / 1000)
    return leg
  }

  /**
   * Null for the same call by another way (RFC 3261 §8.2.2.2). Whoever was refused may try again under the same Call-ID
   * (§8.1.3.5), which is a call of its own.
   */
  async #open(invite: Invite, parties: Parties): Promise<CarrierCall | null> {
    const open = () => this.#openWithin({ ...parties, providerCallId: invite.providerCallId })
    const first = await open()
    if (first.isNew) return first
    if (first.view.state !== 'ended') return null
    invite.isAgain()
    const again = await open()
    return again.isNew ? again : null
  }

  /** Rejects when the call is not written down in time; one that is written after all has nobody on the line. */
  async #openWithin(call: Parties & { providerCallId: string }): Promise<CarrierCall & { isNew: boolean }> {
    const opening = this.#options.calls.open({ ...call, publicOrigin: 'sip:' })
    try {
      return await withTimeout(OPEN_MS, opening, 'the call was not written down in time')
    } catch (error) {
      const end = async () => {
        if ((await opening).isNew) await this.#ended(call.providerCallId, 'failed')
      }
      void end().catch(() => {})
      throw error
    }
  }

  /** Whoever is refused may come again at once under the same Call-ID, and is to find the earlier call ended. */
  async #ended(providerCallId: string, status: LegEndStatus): Promise<void> {
    const { tried } = this.#options.calls.report(
      providerCallId,
      { type: 'leg.ended', status },
      `status:${status}`,
    )
    await withTimeout(OPEN_MS, tried, '').catch(() => {})
  }

  #merged(res: SipResponse): null {
    this.#options.onRejected('sip_merged')
    res.send(482)
    return null
  }

  /** The lines are taken, or this process is going: a trunk tries the next server sooner than a person would hear that out. */
  async #turnAway({ req, providerCallId }: Invite, res: SipResponse): Promise<null> {
    await this.#ended(providerCallId, 'failed')
    return this.#refuse(req, res, { status: 503, reason: 'sip_full', headers: RETRY_AFTER })
  }

  /** Null when none is to be had, or the caller has given up meanwhile. */
  async #mediaFor(
    invite: Invite,
    res: SipResponse,
    { call, ...terms }: { call: CarrierCall } & Omit<OfferTerms, 'isWideband'>,
  ): Promise<LegMedia | null> {
    const { servers, log } = this.#options
    const { callId } = call
    const { providerCallId } = invite
    try {
      const isWideband = await this.#suitsWideband(invite, callId)
      const media = await servers.open(invite.sdp, { isWideband, ...terms })
      await this.#book.enter(call, media)
      if (!invite.isCanceled) return media
      await this.#letGo(call, media)
      await this.#ended(providerCallId, 'canceled')
    } catch (error) {
      const refused = refusalOf(error, invite.sdp)
      if (!refused) log.warn({ err: error, callId }, 'no FreeSWITCH took the leg')
      const status = invite.isCanceled ? 'canceled' : refused ? 'failed' : 'media-server-lost'
      await this.#ended(providerCallId, status)
      if (invite.isCanceled) return null
      this.#refuse(invite.req, res, refused ?? UNAVAILABLE)
    }
    return null
  }

  /** What is not known of an agent is no reason to keep its caller waiting. */
  async #suitsWideband({ sdp }: Invite, callId: string): Promise<boolean> {
    if (!offersWideband(sdp)) return false
    const { caller, agent } = forkRatesFor(
      await withTimeout(OPEN_MS, this.#options.calls.agentRates(callId), '').catch(() => null),
    )
    return caller > TELEPHONE_RATE || agent > TELEPHONE_RATE
  }

  async #letGo({ legId }: CarrierCall, media: LegMedia): Promise<null> {
    await media.destroy()
    void this.#book.strike(legId)
    return null
  }

  /**
   * Null when the caller had gone before the answer got out. The leg begins while the library still has its packet in hand:
   * a re-INVITE that came in the same one is answered by the library itself where nobody listens.
   */
  async #accept(
    invite: Invite,
    res: SipResponse,
    media: LegMedia,
    begin: (dialog: SipDialog) => SipLeg,
  ): Promise<SipLeg | null> {
    const { srf, log } = this.#options
    try {
      return await new Promise((resolve, reject) => {
        srf.createUAS(invite.req, res, { localSdp: media.sdp }, (error, dialog) =>
          dialog ? resolve(begin(dialog)) : reject(error),
        )
      })
    } catch (error) {
      const isCanceled = invite.isCanceled || isForgotten(error)
      if (!isCanceled) log.warn({ err: error }, 'a SIP call could not be answered')
      const status = isCanceled ? 'canceled' : 'signalling-lost'
      await this.#ended(invite.providerCallId, status)
      if (!isCanceled && !res.finalResponseSent) this.#refuse(invite.req, res, UNANSWERABLE)
      return null
    }
  }

  #begin(call: CarrierCall, { providerCallId }: Invite, dialog: SipDialog, media: LegMedia): SipLeg {
    const { calls, sounds, relays, servers, onUnsaidBye, log } = this.#options
    const openElsewhere = async (remoteSdp: string) => {
      const { isWideband, encryption, codecs, server } = leg.media
      const terms = { isWideband, encryptions: [encryption], codecs }
      const media = await servers.open(remoteSdp, terms, server)
      await this.#book.moved(call.legId, media)
      return media
    }
    const onDialog = (leg: SipLeg, dialog: SipDialog) => {
      handleInDialog(leg, dialog, this.#options)
      void this.#book.answered(call.legId, dialog)
    }
    const transfers = (leg: SipLeg) =>
      new LegTransfers({
        ...this.#options,
        leg,
        call,
        providerCallId,
        onCalling: (invite) => this.#book.calling(call.legId, invite),
      })
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
      transfers,
      log,
    })
    this.#legs.set(call.legId, leg)
    leg.begin()
    void leg.over.then(() => {
      this.#legs.delete(call.legId)
      return this.#book.strike(call.legId)
    })
    return leg
  }
}

/** A call that is let in. */
type Expected = {
  parties: Parties
  encryptions: readonly Encryption[]
  link: LinkCaller | null
  trunk: Trunk | null
}
