import { EventEmitter } from 'node:events'
import pino from 'pino'
import type { CallEvent, CallInput, LegEvent } from '../../machines/call-events.ts'
import type { CallView } from '../../machines/instructions.ts'
import { type AnyEvent, begin, feed, type Step, viewOf } from '../../src/model/call-model.ts'
import type { SipDialog } from '../../src/telephony/sip/drachtio.ts'
import type { LegMedia } from '../../src/telephony/sip/leg-media.ts'
import { SipLeg } from '../../src/telephony/sip/sip-leg.ts'
import type { LegCalls } from '../../src/telephony/sip/sip-ports.ts'

const TURNS = 12

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate)
}

/** The call behind the leg: the real chart, which whoever likes may say something to. */
class HandCall implements LegCalls {
  readonly stopping = new AbortController().signal
  readonly told: CallEvent[] = []
  #step: Step
  #watcher: (view: CallView) => void = () => {}

  constructor(input: CallInput) {
    this.#step = begin(input)
  }

  get view(): CallView {
    return viewOf(this.#step.snapshot)
  }

  /** As from anybody but the leg. */
  hear(event: AnyEvent): void {
    this.#step = feed(this.#step.snapshot, event)
    this.#watcher(this.view)
  }

  open(): Promise<never> {
    return Promise.reject(new Error('This call is open.'))
  }

  async tell(_: string, event: CallEvent) {
    this.told.push(event)
    this.hear(event)
    return { callId: 'call', view: this.view, tokenOf: () => 'token' }
  }

  async agentRates(): Promise<null> {
    return null
  }

  watch(_: string, onChange: (view: CallView) => void): () => void {
    this.#watcher = onChange
    return () => {
      this.#watcher = () => {}
    }
  }
}

/** FreeSWITCH's half, which plays a sound until it is told that it is over. */
class HandMedia {
  readonly channel = 'channel'
  readonly dialog = null
  readonly #gone = Promise.withResolvers<{ cause: string | null }>()
  readonly gone = this.#gone.promise
  sound: string | null = null
  fork_: { attempt: number; onEnded: () => void } | null = null
  #finish: (played: boolean) => void = () => {}

  play(sound: string): Promise<boolean> {
    this.sound = sound
    return new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  finish(): void {
    this.sound = null
    this.#finish(true)
  }

  async stopPlaying(): Promise<void> {
    this.finish()
  }

  async fork({ attempt }: { attempt: number }, onEnded: () => void): Promise<boolean> {
    this.fork_ = { attempt, onEnded }
    return true
  }

  /** The relay closes the socket, or it breaks. */
  endFork(): void {
    const fork = this.fork_
    this.fork_ = null
    fork?.onEnded()
  }

  async stopFork(): Promise<void> {
    this.fork_ = null
  }

  die(): void {
    this.#gone.resolve({ cause: null })
  }

  async destroy(): Promise<void> {
    this.finish()
    this.fork_ = null
  }

  onDigit(): void {}
  async sendText(): Promise<void> {}
}

/** A dialog whose other end answers a BYE when the test says so. */
class HandDialog extends EventEmitter {
  readonly id = 'dialog'
  connected = true
  saidBye = false
  readonly #answered = Promise.withResolvers<void>()

  destroy(): Promise<void> {
    this.saidBye = true
    return this.#answered.promise
  }

  answerBye(): void {
    this.connected = false
    this.#answered.resolve()
  }

  /** The other end, or drachtio-server for this reason, hangs up. */
  hangUp(reason?: string): void {
    this.connected = false
    this.emit('destroy', {}, reason)
  }
}

/** The real leg between a call, a FreeSWITCH and a dialog that are led by hand. */
export class HandLeg {
  readonly call: HandCall
  readonly media = new HandMedia()
  readonly dialog = new HandDialog()
  readonly leg: SipLeg

  constructor(input: CallInput) {
    this.call = new HandCall(input)
    this.leg = new SipLeg({
      call: { callId: 'call', view: this.call.view, tokenOf: (attempt) => `token-${attempt}` },
      providerCallId: 'sip',
      dialog: this.dialog as unknown as SipDialog,
      media: this.media as unknown as LegMedia,
      calls: this.call,
      sounds: {
        greeting: () => 'greeting',
        hold: (round) => `hold ${round}`,
        spoken: (message) => message,
        roundMs: 1,
      },
      relays: async () => 'ws://relay',
      onDialog: () => {},
      onUnsaidBye: () => {},
      log: pino({ level: 'silent' }),
    })
  }

  async begin(): Promise<void> {
    this.leg.begin()
    await settle()
  }

  /** Does what makes this leg say that, or what comes to the same where a SIP leg has no such word. */
  async perform(event: LegEvent): Promise<void> {
    if (event.type === 'leg.ended') this.#end(event.status)
    else if (this.dialog.saidBye) this.dialog.answerBye()
    else if (this.media.fork_) this.media.endFork()
    else await this.#playToTheEnd()
    await settle()
  }

  /** The greeting may be followed by a round of music before the leg asks. */
  async #playToTheEnd(): Promise<void> {
    const asked = this.call.told.length
    while (this.media.sound !== null && this.call.told.length === asked) {
      this.media.finish()
      await settle()
    }
  }

  #end(status: Extract<LegEvent, { type: 'leg.ended' }>['status']): void {
    switch (status) {
      case 'completed':
        if (this.dialog.saidBye) this.dialog.answerBye()
        else this.dialog.hangUp()
        return
      case 'canceled':
        this.dialog.hangUp('ACK-BYE due to cancel race condition')
        return
      case 'failed':
        this.dialog.hangUp('Session timer expired')
        return
      case 'media-server-lost':
        this.media.die()
        this.dialog.answerBye()
        return
      default:
        // What is said of a leg that never was answered, or whose holder is gone, no leg says.
        this.call.hear({ type: 'leg.ended', status })
    }
  }
}
