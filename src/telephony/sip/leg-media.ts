import { setTimeout as pause } from 'node:timers/promises'
import type Mrf from 'drachtio-fsmrf'
import type { Logger } from 'pino'
import { loopDelay } from '../../runtime/loop-delay.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import { onlyCodecs, rateOfLine } from './codec-order.ts'
import type { SipDialog } from './drachtio.ts'
import type { ForkRates } from './fork-rates.ts'
import type { Encryption } from './media-encryption.ts'
import { TakenOffer } from './offer.ts'
import type { AudioReturn } from './stream-metadata.ts'
import { saysOver, startMetadata } from './stream-metadata.ts'

export const FORK_EVENTS = ['connect', 'connect_failed', 'disconnect', 'play_audio', 'kill_audio'].map(
  (event) => `mod_audio_fork::${event}`,
)

/** FreeSWITCH answers its commands in a millisecond; one that does not answer for this long is not there. */
const COMMAND_MS = 5_000
/** A relay in the same network takes a WebSocket in a few milliseconds. */
const FORK_CONNECT_MS = 3_000
/** FreeSWITCH that hangs up closes its socket and says BYE, in any order; one that is gone says nothing more. */
const LAST_WORD_MS = 250
/** FreeSWITCH takes another codec with one of its next frames, of which its variables tell nothing. */
const CODEC_CHANGE_MS = 200
/** A sound that was told to stop does so with its next 20 ms; more means that it had not begun. */
const STOP_MS = 500

export type ForkTarget = {
  relay: string
  callId: string
  providerCallId: string
  token: string
  bridgeNumber: number
  rates: ForkRates
}

/** `isOver` when the relay says that the call is; it has only left otherwise. */
type OnForkEnded = (isOver: boolean) => void
type Fork = { name: string; isConnected: boolean; opened: (connected: boolean) => void; onEnded: OnForkEnded }

/** The FreeSWITCH half of a leg: what its caller hears, and the fork that joins the caller to a relay. */
export class LegMedia {
  /** Resolves when FreeSWITCH has no more of this leg: with its cause when it hung up, with null when it is gone itself. */
  readonly gone: Promise<{ cause: string | null }>
  /** The FreeSWITCH, as host:port. */
  readonly server: string
  /** Whether wideband codecs are taken before others. */
  readonly isWideband: boolean
  /** The codecs that the caller's end may have; none means all that there are. */
  readonly codecs: readonly string[]
  /** How the audio between caller and FreeSWITCH is encrypted, from the first to the last packet. */
  readonly encryption: Encryption
  /** What the caller offered last; null while they wait for ours. */
  #offer: TakenOffer | null
  readonly #endpoint: Mrf.Endpoint
  readonly #audio: AudioReturn
  readonly #log: Logger
  #playing: Promise<unknown> | null = null
  #fork: Fork | null = null
  #forks = 0

  constructor(
    endpoint: Mrf.Endpoint,
    {
      server,
      audio,
      isWideband,
      codecs,
      offer,
      log,
    }: {
      server: string
      audio: AudioReturn
      isWideband: boolean
      codecs: readonly string[]
      offer: TakenOffer | null
      log: Logger
    },
  ) {
    this.#endpoint = endpoint
    this.#audio = audio
    this.server = server
    this.isWideband = isWideband
    this.codecs = codecs
    this.encryption = offer?.encryption ?? 'none'
    this.#offer = offer
    this.#log = log
    this.gone = new Promise((resolve) => {
      endpoint.once('destroy', (end?: { reason?: string }) => resolve({ cause: end?.reason ?? null }))
      endpoint.conn?.on('esl::end', () => loopDelay.after(LAST_WORD_MS, () => resolve({ cause: null })))
    })
    void this.gone.then(({ cause }) => {
      if (cause === null) this.#endDialog()
    })
    endpoint.on('mod_audio_fork::connect', () => this.#onForkConnected())
    endpoint.on('mod_audio_fork::connect_failed', () => this.#fork?.opened(false))
    endpoint.on('mod_audio_fork::disconnect', (said: unknown) => this.#onForkEnded(saysOver(said)))
    endpoint.on('mod_audio_fork::play_audio', (event: unknown) => this.#onAudioFile(event))
    endpoint.on('mod_audio_fork::kill_audio', () => void this.#command('uuid_break', `${this.channel} all`))
  }

  /** FreeSWITCH's name for the channel. */
  get channel(): string {
    return this.#endpoint.uuid
  }

  /** The dialog between us and FreeSWITCH. */
  get dialog(): SipDialog | null {
    return this.#endpoint.dialog as unknown as SipDialog | null
  }

  /** What the caller is to be answered, or offered where they made no offer. */
  get sdp(): string {
    return this.#offer ? this.#offer.answer(this.#answered) : onlyCodecs(this.#answered, this.codecs)
  }

  /** What FreeSWITCH says of itself. A channel that called back before it had answered could not know it yet. */
  get #answered(): string {
    return this.#endpoint.local.sdp || (this.dialog?.remote.sdp ?? '')
  }

  /** Takes a new offer of the caller's, in which the audio is to stay as it was encrypted; resolves with the answer to it. Rejects with UnusableOffer, or when FreeSWITCH will not. */
  async modify(remoteSdp: string): Promise<string> {
    const { isWideband, encryption, codecs } = this
    const offer = new TakenOffer(remoteSdp, { isWideband, encryptions: [encryption], codecs })
    const rateBefore = rateOfLine(this.#answered)
    const taken = this.#endpoint.modify(offer.forwarded)
    await withTimeout(COMMAND_MS, taken, 'FreeSWITCH did not take the new offer')
    this.#offer = offer
    if (rateOfLine(this.#answered) !== rateBefore) void this.#forkAnew()
    return this.sdp
  }

  /**
   * A fork goes on reckoning with the rate that the line had when it began: all would be heard an octave too high or too
   * low. It is ended as if the relay had ended it, once FreeSWITCH has the new codec.
   */
  async #forkAnew(): Promise<void> {
    await pause(CODEC_CHANGE_MS, null, { ref: false })
    this.#onForkEnded()
  }

  /** Plays to the end, or until it is told to stop; false when FreeSWITCH could not play it. */
  async play(sound: string): Promise<boolean> {
    const playing = Promise.race([
      this.#endpoint.play(sound).then(
        () => true,
        (error: unknown) => {
          this.#log.warn({ err: error, sound }, 'FreeSWITCH could not play a sound')
          return false
        },
      ),
      this.gone.then(() => false),
    ])
    this.#playing = playing
    const played = await playing
    if (this.#playing === playing) this.#playing = null
    return played
  }

  /** Resolves when nothing is being played any more. */
  async stopPlaying(): Promise<void> {
    const playing = this.#playing
    if (!playing) return
    await this.#command('uuid_break', `${this.channel} all`)
    // A sound that had not begun is dropped without a word of its end.
    await withTimeout(STOP_MS, playing, '').catch(() => {})
    this.#playing = null
  }

  /** Joins the caller to a relay; false when the relay cannot be reached. `onEnded`: the socket was closed by it, or broke. */
  async fork(target: ForkTarget, onEnded: OnForkEnded): Promise<boolean> {
    await this.stopFork()
    const outcome = Promise.withResolvers<boolean>()
    // The module keeps a fork whose socket is gone under its name, so each has a name of its own.
    const name = `bridge-${target.bridgeNumber}-${++this.#forks}`
    this.#fork = { name, isConnected: false, opened: outcome.resolve, onEnded }
    const reply = await this.#command('uuid_audio_fork', forkCommand(this.channel, name, target, this.#audio))
    if (!reply.startsWith('+OK')) {
      this.#log.warn({ reply: reply.slice(0, 100) }, 'FreeSWITCH did not start a fork')
      outcome.resolve(false)
    }
    const isOpen = await withTimeout(FORK_CONNECT_MS, outcome.promise, '').catch(() => false)
    if (!isOpen) await this.stopFork(name)
    return isOpen
  }

  /** Closes the fork's socket from this side; its `onEnded` is not called. */
  async stopFork(name = this.#fork?.name): Promise<void> {
    if (name === undefined) return
    if (this.#fork?.name === name) this.#fork = null
    this.#dropFiles()
    await this.#command('uuid_audio_fork', `${this.channel} stop ${name}`)
  }

  /** Sends text of ours into the fork's socket. */
  async sendText(text: string): Promise<void> {
    if (this.#fork?.isConnected)
      await this.#command('uuid_audio_fork', `${this.channel} send_text ${this.#fork.name} ${text}`)
  }

  onDigit(listener: (digit: string) => void): void {
    this.#endpoint.on('dtmf', ({ dtmf }: Mrf.Dtmf) => listener(dtmf))
  }

  /** Its FreeSWITCH answers nobody any more: what is left of it here is let go, and it counts as gone. */
  abandon(): void {
    this.#endpoint.conn?.socket?.destroy()
  }

  /** Hangs up; resolves when FreeSWITCH has, or is gone. */
  async destroy(): Promise<void> {
    this.#fork = null
    this.#dropFiles()
    const hungUp = this.#endpoint.destroy().catch(() => {})
    await withTimeout(COMMAND_MS, Promise.race([hungUp, this.gone]), '').catch(() => {})
  }

  /** One with a FreeSWITCH that is gone would be kept for ever, here and in drachtio-server. */
  #endDialog(): void {
    if (this.dialog?.connected) this.dialog.destroy().catch(() => {})
  }

  /** A hang-up would wait for agent audio that is still to be heard, and a sound would be heard inside of it. */
  #dropFiles(): void {
    if (this.#audio === 'files') void this.#command('uuid_break', `${this.channel} all`)
  }

  #onForkConnected(): void {
    if (!this.#fork) return
    this.#fork.isConnected = true
    this.#fork.opened(true)
  }

  /** The event names no fork, but is in order: what comes before a fork's `connect` is of the one before it. */
  #onForkEnded(isOver = false): void {
    const fork = this.#fork
    if (!fork?.isConnected) return
    void this.stopFork(fork.name)
    fork.onEnded(isOver)
  }

  /**
   * Sent with a lock, files wait in FreeSWITCH for their turn and follow each other without a gap; without one, each would
   * be heard inside of the one before, which then goes on.
   */
  #onAudioFile(event: unknown): void {
    const { file } = event as { file?: string }
    const { conn } = this.#endpoint
    if (!file || !this.#fork || !conn) return
    conn.setEventLock(true)
    void this.#endpoint.execute('playback', file).catch(() => {})
    conn.setEventLock(false)
  }

  /** The answer's text; empty when FreeSWITCH gives none. */
  async #command(name: string, args: string): Promise<string> {
    try {
      const asked = withTimeout(COMMAND_MS, this.#endpoint.api(name, args), `${name} was not answered`)
      const answer = await Promise.race([asked, this.gone])
      return 'cause' in answer ? '' : answer.getBody()
    } catch (error) {
      this.#log.warn({ err: error }, 'FreeSWITCH did not answer a command')
      return ''
    }
  }
}

/** `^^|` makes `|` the separator. Only the module that streams knows the last three arguments. */
function forkCommand(channel: string, name: string, target: ForkTarget, audio: AudioReturn): string {
  const { relay, callId, providerCallId, token, rates } = target
  const metadata = startMetadata({ providerCallId, token, audio, rates })
  const args = [channel, 'start', `${relay}/sip-media/${callId}`, 'mono', `${rates.caller}`, name, metadata]
  if (audio === 'stream') args.push('true', 'true', `${rates.agent}`)
  return `^^|${args.join('|')}`
}
