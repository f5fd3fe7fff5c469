import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { CallEvent, LegEndStatus, LegEvent, TransferEvent } from '../../../machines/call-events.ts'
import {
  type CallView,
  isKnownState,
  type LegInstruction,
  mediaInstruction,
  nextInstructions,
} from '../../../machines/instructions.ts'
import { awakeMs } from '../../runtime/loop-delay.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import type { CarrierCall } from '../calls-port.ts'
import { endDialog, endedBy } from './bye.ts'
import { isInServer } from './dialog-in-server.ts'
import type { SipDialog } from './drachtio.ts'
import { type ForkRates, forkRatesFor } from './fork-rates.ts'
import type { LegMedia } from './leg-media.ts'
import type { LegTransfers } from './leg-transfers.ts'
import { isHold } from './offer.ts'
import { offer } from './re-offer.ts'
import type { LegCalls, Relays, Sounds } from './sip-ports.ts'
import { digitText, holdText } from './stream-metadata.ts'

const REQUEST = { type: 'leg.instructionsRequested' } as const
/** Between two tries to say something to a call while the database is away, and to reach a relay while none is there. */
const RETRY_MS = 100
/** A pause in the music that is taken for a part of it. */
const UNNOTICED_MS = 100
/** A relay is dialled in silence: music that is cut off after a moment would be worse. */
const FORK_UNNOTICED_MS = 1_000
/** What is looked up before a relay is dialled; what is not known by then is done without. */
const LOOK_UP_MS = 1_000
/** A relay that was killed is back sooner, or another one is there; past this the call is asked for another bridge. */
const FORK_PATIENCE_MS = 5_000
/** How soon it is noticed that a caller hung up whose BYE could not be heard. */
const DIALOG_CHECK_MS = 5_000
/** How long what is left of a leg waits for the call to be told: a database that is away must not keep it. */
const TOLD_FIRST_MS = 1_000

export type SipLegOptions = {
  call: CarrierCall
  providerCallId: string
  dialog: SipDialog
  media: LegMedia
  calls: LegCalls
  sounds: Sounds
  relays: Relays
  /** Makes media for a caller of this SDP on a FreeSWITCH that is not this leg's. Rejects where there is none. */
  openElsewhere: (remoteSdp: string) => Promise<LegMedia>
  /** Whoever handles what comes within a dialog; asked again when the leg moves to another one. */
  onDialog: (leg: SipLeg, dialog: SipDialog) => void
  /** A BYE could not be sent, or nobody answered it: it is owed to this dialog's other party. */
  onUnsaidBye: (dialog: SipDialog) => void
  /** What puts somebody else in the caller's place. */
  transfers: (leg: SipLeg) => LegTransfers
  log: Logger
}

/**
 * One caller on the line. What they hear is what the call's present state says: every change of it is followed, whichever
 * process made it, so there are no commands that could be lost or come late. What the caller does is told to the call.
 */
export class SipLeg {
  /** Resolves when the leg is over, told to the call and cleaned up. */
  readonly over: Promise<void>
  readonly transfers: LegTransfers
  readonly #options: SipLegOptions
  readonly #log: Logger
  readonly #answeredAt = performance.now()
  readonly #isOver: () => void
  #dialog: SipDialog
  #media: LegMedia
  /** The caller's session as it was last agreed on; what was refused changes nothing, though the library keeps it. */
  #agreedSdp: string
  /** FreeSWITCH is gone, and another one is asked. */
  #isMoving = false
  #view: CallView
  /** The instructions that are being carried out, as text. */
  #told = ''
  #running = new AbortController()
  #stopped: Promise<unknown> = Promise.resolve()
  /** The bridge whose fork is open. */
  #streaming: number | null = null
  /** The round of hold music that was begun last. */
  #heldRound = -1
  #ending = false
  /** Ends the asking for a dialog that an earlier connection left. */
  #asking = new AbortController()
  #unwatch = () => {}

  constructor(options: SipLegOptions) {
    const { dialog, media, call, log } = options
    this.#options = options
    this.#dialog = dialog
    this.#agreedSdp = dialog.remote.sdp ?? ''
    this.#media = media
    this.#view = call.view
    this.#log = log.child({ callId: call.callId, legId: call.legId })
    ;({ promise: this.over, resolve: this.#isOver } = Promise.withResolvers<void>())
    this.transfers = options.transfers(this)
  }

  get callId(): string {
    return this.#options.call.callId
  }

  /** The call as it was last heard of. */
  get view(): CallView {
    return this.#view
  }

  /** Between the other party and us. */
  get dialog(): SipDialog {
    return this.#dialog
  }

  /** What the caller hears and says, on one FreeSWITCH or another. */
  get media(): LegMedia {
    return this.#media
  }

  /** The caller's session as it was last agreed on. */
  get agreedSdp(): string {
    return this.#agreedSdp
  }

  /** Carries out what the call says, from now to its end. */
  begin(): void {
    const { calls, call } = this.#options
    this.moveTo(this.#dialog)
    this.#use(this.#media)
    this.#unwatch = calls.watch(call.callId, (view) => this.follow(view))
    // A BYE may come in one piece with the word that the answer was sent, before anybody could listen for it.
    if (this.#dialog.connected) this.follow(call.view)
    else void this.end('completed')
  }

  #use(media: LegMedia): void {
    this.#media = media
    void media.gone.then(({ cause }) => this.#onMediaGone(cause))
    media.onDigit((digit) => this.press(digit))
  }

  /** Who was hung up on by FreeSWITCH is not called back; who was left by one that is gone itself can be heard elsewhere. */
  async #onMediaGone(cause: string | null): Promise<void> {
    if (this.#ending || (cause === null && (await this.#moveMedia()))) return
    await this.end(cause === 'MEDIA_TIMEOUT' ? 'failed' : 'media-server-lost')
  }

  /** Sends the caller's audio to another FreeSWITCH, and goes on with what the call says; false where none takes it. */
  async #moveMedia(): Promise<boolean> {
    const dialog = this.#dialog
    this.#isMoving = true
    this.#running.abort()
    try {
      const media = await this.#options.openElsewhere(this.#agreedSdp)
      if (this.#ending) await media.destroy()
      else {
        this.#use(media)
        await offer(dialog, media)
        this.agreed(dialog.remote.sdp ?? '')
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'FreeSWITCH is lost, and no other one takes the leg')
      return false
    } finally {
      this.#isMoving = false
    }
    this.#log.warn('FreeSWITCH is lost; the leg is on another one')
    this.#goOn()
    return true
  }

  /** A stream that was open is over; all else is done from its beginning. */
  #goOn(): void {
    this.#running = new AbortController()
    const bridgeNumber = this.#streaming
    this.#told = ''
    if (bridgeNumber === null) this.follow(this.#view)
    else this.#streamEnded(bridgeNumber, this.#running.signal)
  }

  /** From now on this dialog's other party is the caller; the end of an earlier one ends nothing. */
  moveTo(dialog: SipDialog): void {
    this.#dialog = dialog
    this.agreed(dialog.remote.sdp ?? '')
    dialog.on('destroy', (_req, reason) => {
      if (dialog === this.#dialog) void this.end(endedBy(reason))
    })
    this.#options.onDialog(this, dialog)
  }

  /**
   * drachtio-server is connected anew, and takes what we say in the dialog over this connection. What the caller says in it
   * goes nowhere, not even a BYE; but a BYE ends the dialog in the server, which is asked for it from now on.
   */
  async resume(socket: Socket): Promise<void> {
    for (const dialog of [this.#dialog, this.media.dialog]) if (dialog) dialog.req.socket = socket
    this.transfers.resume()
    this.#asking.abort()
    this.#asking = new AbortController()
    const { signal } = this.#asking
    let status: LegEndStatus = 'signalling-lost'
    while (!signal.aborted) {
      if (!(await isInServer(this.#dialog))) return this.end(status)
      status = 'completed'
      await this.#pause(DIALOG_CHECK_MS, signal)
    }
  }

  /** The caller has pressed a key; the relay hears of it. */
  press(digit: string): void {
    void this.media.sendText(digitText(digit))
  }

  /** The caller's session is this from now on; the relay hears whether it is on hold, so that silence is not taken for an end. */
  agreed(sdp: string): void {
    const wasOnHold = isHold(this.#agreedSdp)
    this.#agreedSdp = sdp
    const isOnHold = isHold(sdp)
    if (isOnHold === wasOnHold) return
    this.#log.info({ isOnHold }, 'The caller has put the call on hold, or takes it up again')
    void this.media.sendText(holdText(isOnHold))
  }

  /** Ends the leg, once: both halves of it are hung up, and the call is told how it ended. */
  async end(status: LegEndStatus): Promise<void> {
    if (this.#ending) return this.over
    this.#ending = true
    this.#unwatch()
    this.#running.abort()
    this.#asking.abort()
    this.transfers.end()
    const durationSeconds = Math.round((performance.now() - this.#answeredAt) / 1000)
    const { calls, call, providerCallId } = this.#options
    const ended: CallEvent = { type: 'leg.ended', leg: call.legId, status, durationSeconds }
    // What ended from outside is said before the stream falls with it, which else would look as if it had broken.
    const isOurs = status === 'completed' && this.#dialog.connected
    const tell = () => calls.report(providerCallId, ended, `status:${status}`).outcome
    const telling = isOurs ? null : tell()
    if (telling) await withTimeout(TOLD_FIRST_MS, telling, '').catch(() => {})
    const bye = endDialog(this.#dialog, status).catch(() => this.#options.onUnsaidBye(this.#dialog))
    await Promise.all([bye, this.media.destroy()])
    await (telling ?? tell())
    this.#log.info({ status }, 'SIP leg is over')
    this.#isOver()
  }

  /** Does what the call says; what was known before is not done again. */
  follow(view: CallView): void {
    if (this.#ending || view.seq < this.#view.seq) return
    this.#view = view
    this.transfers.follow(view)
    if (this.#isMoving) return
    if (this.#streaming !== null && view.context.unresponsiveBridge === this.#streaming) {
      this.#leaveBridge(this.#streaming)
      return
    }
    // The relay closes the stream when the agent's last word was heard; hanging up before would cut it off.
    if (this.#streaming !== null && mediaInstruction(view, this.#streaming) === 'finish-playing') return
    const script = nextInstructions(view)
    const told = JSON.stringify(script)
    // One that another chart leads is told of by its own questions alone: the next one has to be asked.
    if (told === this.#told && isKnownState(view.state)) return
    this.#told = told
    this.#running.abort()
    this.#running = new AbortController()
    void this.#carryOut(script, this.#running.signal)
  }

  /** What was being done is stopped first, so that two things are never heard at once. */
  async #carryOut(script: LegInstruction[], signal: AbortSignal): Promise<void> {
    try {
      this.#stopped = this.#stopped.then(() => this.#fallSilent())
      await this.#stopped
      for (const instruction of script) {
        if (signal.aborted) return
        await this.#do(instruction, signal)
      }
    } catch (error) {
      if (signal.aborted) return
      this.#log.error({ err: error }, 'a SIP leg could not do what it was told')
      await this.end('failed')
    }
  }

  #do(instruction: LegInstruction, signal: AbortSignal): Promise<void> {
    const { sounds } = this.#options
    switch (instruction.do) {
      case 'play-greeting':
        return this.#play(sounds.greeting(), signal)
      case 'hold':
        this.#heldRound = instruction.round
        return this.#play(sounds.hold(instruction.round), signal)
      case 'say':
        return this.#play(sounds.spoken(instruction.message), signal)
      case 'poll':
        return this.#withMusic(this.tellWhile(signal, REQUEST), UNNOTICED_MS, signal)
      case 'connect-media':
        return this.#withMusic(this.#stream(instruction.bridgeNumber, signal), FORK_UNNOTICED_MS, signal)
      case 'hang-up':
        return this.end('completed')
    }
  }

  /** What cannot be played is as long as a round of silence: a leg that asked at once would ask all the time. */
  async #play(sound: string, signal: AbortSignal): Promise<void> {
    if ((await this.media.play(sound)) || signal.aborted) return
    await this.#pause(this.#options.sounds.roundMs, signal)
  }

  /** Hold music goes on for as long as something takes that the caller should not notice, such as a database that is away. */
  async #withMusic(work: Promise<void>, afterMs: number, signal: AbortSignal): Promise<void> {
    let isOver = false
    const over = work.finally(() => {
      isOver = true
    })
    await Promise.race([over, this.#pause(afterMs, signal)])
    const { sounds } = this.#options
    while (!isOver && !signal.aborted)
      await Promise.race([over, this.#play(sounds.hold(++this.#heldRound), signal)])
    if (!signal.aborted) await this.media.stopPlaying()
    await over
  }

  /** Joins the caller to whichever relay lives; the call is asked for another bridge when none can be reached. */
  async #stream(bridgeNumber: number, signal: AbortSignal): Promise<void> {
    const { call, providerCallId, relays } = this.#options
    const token = call.tokenOf(bridgeNumber)
    const until = awakeMs() + FORK_PATIENCE_MS
    while (awakeMs() < until) {
      const [relay, rates] = await Promise.all([
        withTimeout(LOOK_UP_MS, relays(), '').catch(() => null),
        this.#forkRates(),
      ])
      if (signal.aborted) return
      if (relay !== null) {
        const target = { relay, callId: call.callId, providerCallId, token, bridgeNumber, rates }
        this.#streaming = bridgeNumber
        if (await this.media.fork(target, (isOver) => this.#streamEnded(bridgeNumber, signal, isOver))) {
          if (isHold(this.#agreedSdp)) void this.media.sendText(holdText(true))
          return
        }
        this.#streaming = null
      }
      await this.#pause(RETRY_MS, signal)
      if (signal.aborted) return
    }
    this.#log.warn({ bridgeNumber }, 'no relay could be reached')
    await this.tellWhile(signal, { type: 'leg.streamEnded', bridgeNumber })
  }

  /** What is not known costs the relay some work, and nothing else. */
  async #forkRates(): Promise<ForkRates> {
    const { calls, call } = this.#options
    return forkRatesFor(await withTimeout(LOOK_UP_MS, calls.agentRates(call.callId), '').catch(() => null))
  }

  #streamEnded(bridgeNumber: number, signal: AbortSignal, isOver = false): void {
    this.#streaming = null
    const tell = () => this.tellWhile(signal, { type: 'leg.streamEnded', bridgeNumber })
    void (isOver ? this.end('completed') : this.#withMusic(tell(), UNNOTICED_MS, signal))
  }

  /** A relay that gives no sign of life does not even close its stream: it is left, and the call makes another bridge. */
  #leaveBridge(bridgeNumber: number): void {
    const { signal } = this.#running
    this.#stopped = this.#stopped.then(() => this.media.stopFork())
    this.#streamEnded(bridgeNumber, signal)
  }

  async #fallSilent(): Promise<void> {
    const isStreaming = this.#streaming !== null
    this.#streaming = null
    await Promise.all([this.media.stopPlaying(), isStreaming ? this.media.stopFork() : null])
  }

  /** Says it to the call as long as it is still to be said, and follows what comes of it. */
  async tellWhile(signal: AbortSignal, event: LegEvent | TransferEvent): Promise<void> {
    const { calls, call, providerCallId } = this.#options
    while (!signal.aborted) {
      try {
        const now = await calls.tell(providerCallId, { ...event, leg: call.legId })
        if (now) this.follow(now.view)
        return
      } catch (error) {
        this.#log.warn({ err: error, event: event.type }, 'a call could not be told; it is tried again')
        await this.#pause(RETRY_MS, signal)
      }
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, null, { signal, ref: false }).catch(() => {})
  }
}
