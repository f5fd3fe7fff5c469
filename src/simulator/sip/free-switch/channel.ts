import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { SipNetwork } from '../sip-network.ts'
import type { AudioFork } from './audio-fork.ts'
import type { Frames } from './frames.ts'
import type { HttpCache } from './http-cache.ts'
import { openSound } from './open-sound.ts'
import type { Sound } from './sound.ts'
import { type SwitchEvent, switchEvent } from './switch-event.ts'

/** What a channel needs of its switch. */
export type ChannelHost = {
  network: SipNetwork
  frames: Frames
  http: HttpCache
  log: Logger
  fire: (event: SwitchEvent) => void
}

/** One end of a playback: a sound, and who waits for its end. */
type Playing = { sound: Sound; samplesPlayed: number; end: (outcome: 'done' | 'break') => void }
/** How `uuid_break` asks: for the end of this file, or of all that are in line. */
type Break = 'none' | 'one' | 'all'

/** Samples in a frame of 20 ms. */
const FRAME = 160
/** As long as a key's event says that it lasted, in samples. */
const DIGIT_DURATION = '1760'

/**
 * A leg of a call inside the switch: its variables, the applications that it executes, and its sound. An application that
 * is sent while another plays is executed at once, inside of it: FreeSWITCH looks for commands between two frames.
 */
export class Channel {
  readonly uuid = randomUUID()
  readonly variables = new Map<string, string>()
  readonly forks = new Map<string, AudioFork>()
  /** Files that the forks have written; they go when the channel goes. */
  readonly temporaryFiles: string[] = []
  /** Our end of the RTP, and where the audio is sent. */
  readonly rtpAddress: string
  remoteRtp = ''
  cause: string | null = null
  readonly #host: ChannelHost
  readonly #name: string
  readonly #playing: Playing[] = []
  readonly #onHangUp: (cause: string) => void
  #stopClock: (() => void) | null = null
  #break: Break = 'none'
  #state: 'RINGING' | 'ACTIVE' | 'HANGUP' = 'RINGING'

  constructor(
    host: ChannelHost,
    { name, rtpHost, onHangUp }: { name: string; rtpHost: string; onHangUp: (cause: string) => void },
  ) {
    this.#host = host
    this.#name = name
    this.#onHangUp = onHangUp
    this.rtpAddress = `${rtpHost}:${host.network.freePort()}`
  }

  get isUp(): boolean {
    return this.#state !== 'HANGUP'
  }

  /** Whether something is being played. */
  get isPlaying(): boolean {
    return this.#playing.length > 0
  }

  /** The fields that every event of the channel has. */
  get fields(): Record<string, string> {
    const isDown = this.#state === 'HANGUP'
    return {
      'Channel-State': isDown ? 'CS_HANGUP' : 'CS_EXECUTE',
      'Channel-Call-State': this.#state,
      'Channel-State-Number': isDown ? '10' : '4',
      'Channel-Name': this.#name,
      'Unique-ID': this.uuid,
      'Call-Direction': 'inbound',
      'Presence-Call-Direction': 'inbound',
      'Channel-HIT-Dialplan': 'true',
      'Channel-Call-UUID': this.uuid,
      'Answer-State': isDown ? 'hangup' : this.#state === 'ACTIVE' ? 'answered' : 'ringing',
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
    this.#state = 'ACTIVE'
    this.fire('CHANNEL_ANSWER')
    this.fire('CHANNEL_CALLSTATE', { 'Original-Channel-Call-State': 'RINGING' }, { withVariables: false })
    this.#stopClock = this.#host.frames.start(() => this.#tick())
  }

  /** Executes an application; its end is told as an event that carries `eventUuid`. */
  async execute(application: string, argument: string, eventUuid: string): Promise<void> {
    if (!this.isUp) return
    const fields = { Application: application, 'Application-Data': argument, 'Application-UUID': eventUuid }
    this.variables.set('current_application', application)
    this.variables.delete('current_application_response')
    this.fire('CHANNEL_EXECUTE', fields)
    this.#break = 'none'
    await this.#run(application, argument)
    const response = this.variables.get('current_application_response') ?? '_none_'
    this.fire('CHANNEL_EXECUTE_COMPLETE', { ...fields, 'Application-Response': response })
  }

  /** Ends what is being played, as `uuid_break` does. */
  break(what: 'one' | 'all'): void {
    this.#break = what
  }

  hangUp(cause: string): void {
    if (!this.isUp) return
    this.cause = cause
    this.#state = 'HANGUP'
    this.#stopClock?.()
    for (const { end } of this.#playing.splice(0)) end('break')
    for (const fork of this.forks.values()) fork.close()
    this.forks.clear()
    for (const file of this.temporaryFiles) rm(file, { force: true }).catch(() => {})
    this.fire('CHANNEL_HANGUP')
    this.fire('CHANNEL_CALLSTATE', { 'Original-Channel-Call-State': 'ACTIVE' }, { withVariables: false })
    this.#onHangUp(cause)
  }

  async #run(application: string, argument: string): Promise<void> {
    switch (application) {
      case 'playback':
        return this.#playback(argument)
      case 'set':
      case 'export':
        return this.#assign(argument)
      case 'multiset':
        for (const assignment of splitMultiset(argument)) this.#assign(assignment)
        return
      case 'unset':
        this.variables.delete(argument)
        return
      case 'hangup':
        return this.hangUp(argument || 'NORMAL_CLEARING')
      case 'sleep':
        await this.#playThrough(await this.#open(`silence_stream://${argument}`))
        return
      default:
        if (!HARMLESS.has(application)) this.hangUp('DESTINATION_OUT_OF_ORDER')
    }
  }

  #assign(assignment: string): void {
    const equals = assignment.indexOf('=')
    const name = equals < 0 ? assignment : assignment.slice(0, equals)
    const value = equals < 0 ? '' : assignment.slice(equals + 1)
    if (value === '') this.variables.delete(name)
    else this.variables.set(name, value)
  }

  async #playback(argument: string): Promise<void> {
    const delimiter = this.variables.get('playback_delimiter')
    let response = 'FILE NOT FOUND'
    for (const path of delimiter ? argument.split(delimiter) : [argument]) {
      const outcome = await this.#playFile(path)
      if (outcome !== 'not-found') response = 'FILE PLAYED'
      if (outcome === 'break-all' || !this.isUp) break
    }
    this.variables.set('current_application_response', response)
  }

  async #playFile(path: string): Promise<'done' | 'break' | 'break-all' | 'not-found'> {
    const [file = '', seek = '0'] = path.split('@@')
    const sound = await this.#open(file, Number(seek))
    if (!sound || !this.isUp) return 'not-found'
    const about = { 'Playback-File-Path': file }
    this.fire('PLAYBACK_START', about, { withVariables: false })
    const { outcome, samplesPlayed } = await this.#playThrough(sound)
    const milliseconds = (samplesPlayed * 1000) / 8000
    this.variables.set('playback_last_offset_pos', `${Math.round((samplesPlayed * sound.nativeRate) / 8000)}`)
    this.variables.set('playback_seconds', `${Math.floor(milliseconds / 1000)}`)
    this.variables.set('playback_ms', `${Math.floor(milliseconds)}`)
    this.variables.set('playback_samples', `${Math.round((samplesPlayed * sound.nativeRate) / 8000)}`)
    this.fire(
      'PLAYBACK_STOP',
      { ...about, 'Playback-Status': outcome === 'done' ? 'done' : 'break' },
      { withVariables: false },
    )
    return outcome
  }

  #open(path: string, seek = 0): Promise<Sound | null> {
    return openSound(path, { http: this.#host.http, seek })
  }

  #playThrough(
    sound: Sound | null,
  ): Promise<{ outcome: 'done' | 'break' | 'break-all'; samplesPlayed: number }> {
    return new Promise((resolve) => {
      if (!sound || !this.isUp) return resolve({ outcome: 'done', samplesPlayed: 0 })
      const playing: Playing = {
        sound,
        samplesPlayed: 0,
        end: (outcome) => {
          const all = outcome === 'break' && this.#break === 'all'
          this.#break = 'none'
          resolve({ outcome: all ? 'break-all' : outcome, samplesPlayed: playing.samplesPlayed })
        },
      }
      this.#playing.push(playing)
    })
  }

  #tick(): void {
    const written = this.#nextFrame()
    for (const fork of this.forks.values()) fork.mixInto(written)
    const remote = this.#host.network.rtpAt(this.remoteRtp)
    remote?.hear(written, this.rtpAddress)
    const digit = remote?.nextDigit(this.rtpAddress)
    if (digit) this.#digit(digit)
    const read = remote?.nextFrame(this.rtpAddress) ?? new Int16Array(FRAME)
    for (const fork of this.forks.values()) fork.offer(read, written)
  }

  /** What is played at this moment; silence when nothing is, since `send_silence_when_idle` is on. */
  #nextFrame(): Int16Array {
    const frame = new Int16Array(FRAME)
    const playing = this.#playing.at(-1)
    if (!playing) return frame
    if (this.#break !== 'none') {
      this.#playing.pop()
      playing.end('break')
      return frame
    }
    const samples = playing.sound.read(FRAME)
    frame.set(samples)
    playing.samplesPlayed += samples.length
    if (samples.length < FRAME) {
      this.#playing.pop()
      playing.end('done')
    }
    return frame
  }

  #digit(digit: string): void {
    const about = { 'DTMF-Digit': digit, 'DTMF-Duration': DIGIT_DURATION, 'DTMF-Source': 'RTP' }
    this.fire('DTMF', about, { withVariables: false })
  }
}

/** Applications that do nothing that could be heard or seen here. */
const HARMLESS = new Set([
  ...[
    'answer',
    'pre_answer',
    'log',
    'info',
    'park',
    'set_mute',
    'start_dtmf',
    'stop_dtmf',
    'start_dtmf_generate',
  ],
  ...['send_dtmf', 'avmd_start', 'avmd_stop', 'spandsp_start_dtmf', 'spandsp_stop_dtmf', 'record_session'],
  ...['stop_record_session', 'sched_hangup', 'enable_heartbeat', 'bind_meta_app'],
])

/** Assignments are separated by spaces, or by the character after "^^". */
function splitMultiset(argument: string): string[] {
  const delimiter = argument.startsWith('^^') ? (argument[2] ?? ' ') : ' '
  return (argument.startsWith('^^') ? argument.slice(3) : argument).split(delimiter).filter(Boolean)
}
