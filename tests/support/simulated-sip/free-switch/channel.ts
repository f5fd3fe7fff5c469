import { randomUUID } from 'node:crypto'
import { FRAME_MS } from '../../../../src/simulator/frame-clock.ts'
import type { SimulatedEncryption } from '../sdp.ts'
import type { SimulatedNetwork } from '../sip-network.ts'
import { isApplication } from './application-names.ts'
import type { AudioFork } from './audio-fork.ts'
import { CommandQueue } from './command-queue.ts'
import type { Frames } from './frames.ts'
import { PlayingStack } from './playing.ts'
import { FRAME_SAMPLES } from './sound.ts'
import { type SwitchEvent, switchEvent } from './switch-event.ts'

/** What a channel needs of its switch. */
export type ChannelHost = {
  network: SimulatedNetwork
  frames: Frames
  fire: (event: SwitchEvent) => void
  /** Runs an application and resolves with its response, when it has one. */
  run: (channel: Channel, application: string, argument: string) => Promise<string | undefined>
}

type CallState = 'RINGING' | 'ACTIVE' | 'HELD' | 'HANGUP'

/** As long as a key's event says that it lasted, in samples. */
const DIGIT_DURATION = '800'

/** A leg of a call inside the switch: its variables, the applications that it executes, and its sound. */
export class Channel {
  readonly uuid = randomUUID()
  readonly variables = new Map<string, string>()
  readonly forks = new Map<string, AudioFork>()
  readonly playing = new PlayingStack()
  readonly commands = new CommandQueue()
  /** Our end of the RTP, and where the audio is sent. */
  readonly rtpAddress: string
  remoteRtp = ''
  encryption: SimulatedEncryption = 'none'
  /** Why it hung up; null while it has not. */
  cause: string | null = null
  readonly #host: ChannelHost
  readonly #name: string
  readonly #onHangUp: () => void
  #stopClock: (() => void) | null = null
  /** For how long nothing has come from the other side, not even silence. */
  #unheardMs = 0
  #state: CallState = 'RINGING'

  constructor(
    host: ChannelHost,
    { name, rtpAddress, onHangUp }: { name: string; rtpAddress: string; onHangUp: () => void },
  ) {
    this.#host = host
    this.#name = name
    this.#onHangUp = onHangUp
    this.rtpAddress = rtpAddress
  }

  get isUp(): boolean {
    return this.#state !== 'HANGUP'
  }

  /** The fields that every event of the channel has. */
  get fields(): Record<string, string> {
    return {
      'Channel-State': this.isUp ? 'CS_EXECUTE' : 'CS_HANGUP',
      'Channel-Call-State': this.#state,
      'Channel-State-Number': this.isUp ? '4' : '10',
      'Channel-Name': this.#name,
      'Unique-ID': this.uuid,
      'Call-Direction': 'inbound',
      'Presence-Call-Direction': 'inbound',
      'Channel-HIT-Dialplan': 'true',
      'Channel-Call-UUID': this.uuid,
      'Answer-State': this.isUp ? (this.#state === 'RINGING' ? 'ringing' : 'answered') : 'hangup',
      ...(this.cause && { 'Hangup-Cause': this.cause }),
      'Channel-Read-Codec-Name': 'PCMU',
      'Channel-Read-Codec-Rate': '8000',
      'Channel-Write-Codec-Name': 'PCMU',
      'Channel-Write-Codec-Rate': '8000',
      'Caller-Direction': 'inbound',
      'Caller-Unique-ID': this.uuid,
      'Caller-Context': 'mrf',
      'Caller-Channel-Name': this.#name,
    }
  }

  /** The caller profile, as only CHANNEL_DATA has it. */
  get profileFields(): Record<string, string> {
    return { 'Channel-Direction': 'inbound', 'Channel-Unique-ID': this.uuid, 'Channel-Context': 'mrf' }
  }

  get variableFields(): Record<string, string> {
    return Object.fromEntries([...this.variables].map(([name, value]) => [`variable_${name}`, value]))
  }

  fire(name: string, fields: Record<string, string> = {}, { body = '', withVariables = true } = {}): void {
    const variables = withVariables ? this.variableFields : {}
    this.#host.fire(switchEvent(name, { ...this.fields, ...variables, ...fields }, body))
  }

  /** A custom event, such as those of the forks; `body` is JSON or empty. */
  fireCustom(subclass: string, body: string): void {
    this.fire('CUSTOM', { 'Event-Subclass': subclass }, { body })
  }

  answer(): void {
    if (this.#state !== 'RINGING') return
    this.#enter('ACTIVE')
    this.fire('CHANNEL_ANSWER')
    this.#stopClock = this.#host.frames.start(() => this.#tick())
  }

  hold(): void {
    if (this.#state === 'ACTIVE') this.#enter('HELD')
  }

  unhold(): void {
    if (this.#state !== 'HELD') return
    this.#enter('ACTIVE', 'UNHELD')
  }

  /** Executes an application when its turn comes; its end is told as an event that carries `eventUuid`. */
  execute(
    application: string,
    argument: string,
    { eventUuid, locks }: { eventUuid: string; locks: boolean },
  ): void {
    this.commands.submit({ run: () => this.#execute(application, argument, eventUuid), locks })
  }

  async #execute(application: string, argument: string, eventUuid: string): Promise<void> {
    if (!this.isUp) return
    if (!isApplication(application)) {
      this.hangUp('DESTINATION_OUT_OF_ORDER')
      return
    }
    const fields = { Application: application, 'Application-Data': argument, 'Application-UUID': eventUuid }
    this.variables.set('current_application', application)
    this.variables.set('current_application_data', argument)
    this.fire('CHANNEL_EXECUTE', fields)
    this.playing.forgetBreak()
    const response = await this.#host.run(this, application, argument)
    this.fire('CHANNEL_EXECUTE_COMPLETE', { ...fields, 'Application-Response': response ?? '_none_' })
  }

  hangUp(cause: string): void {
    if (!this.isUp) return
    this.unhold()
    this.cause = cause
    this.#stop()
    for (const fork of this.forks.values()) fork.close()
    this.#enter('HANGUP')
    this.fire('CHANNEL_HANGUP')
    this.#onHangUp()
  }

  /** Is gone without a word, as when its process is killed. */
  vanish(): void {
    this.#state = 'HANGUP'
    this.#stop()
    for (const fork of this.forks.values()) fork.drop()
  }

  #stop(): void {
    this.#stopClock?.()
    this.playing.stop()
  }

  /** Tells of a new call state, or of what the switch calls the way to it. */
  #enter(state: CallState, reported: string = state): void {
    const before = this.#state
    this.#state = state
    const fields = { 'Original-Channel-Call-State': before, 'Channel-Call-State': reported }
    this.fire('CHANNEL_CALLSTATE', fields, { withVariables: false })
  }

  #tick(): void {
    const written = this.playing.nextFrame()
    for (const fork of this.forks.values()) fork.mixInto(written)
    const remote = this.#host.network.rtpAt(this.remoteRtp)
    const isUnderstood = remote?.encryption === this.encryption
    if (this.#state === 'ACTIVE' && isUnderstood) remote?.hear(written)
    const sender = remote?.target === this.rtpAddress && isUnderstood ? remote : undefined
    this.#unheardMs = sender ? 0 : this.#unheardMs + FRAME_MS
    if (this.#unheardMs > this.#patienceMs) {
      this.hangUp('MEDIA_TIMEOUT')
      return
    }
    const digit = sender?.nextDigit()
    if (digit) this.#digit(digit)
    const read = sender?.nextFrame()
    // Who is on hold and sends nothing is not read from, so there is nothing to fork.
    if (this.#state === 'HELD' && !read) return
    for (const fork of this.forks.values()) fork.offer(read ?? new Int16Array(FRAME_SAMPLES), written)
  }

  /** How long a side may be unheard, as the dialplan or the app has set it. */
  get #patienceMs(): number {
    const name = this.#state === 'HELD' ? 'media_hold_timeout' : 'media_timeout'
    return Number(this.variables.get(name) ?? Number.POSITIVE_INFINITY)
  }

  #digit(digit: string): void {
    const about = { 'DTMF-Digit': digit, 'DTMF-Duration': DIGIT_DURATION, 'DTMF-Source': 'RTP' }
    this.fire('DTMF', about, { withVariables: false })
  }
}
