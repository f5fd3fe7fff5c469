import { WebSocket } from 'ws'
import { ForkFiles } from './fork-files.ts'
import { ForkFrames, type Mix } from './fork-frames.ts'
import { type ForkRelease, StreamedAudio } from './streamed-audio.ts'

export type ForkOptions = {
  url: string
  mix: Mix
  /** The rate of what the service hears, in Hz. */
  sampling: number
  bugname: string
  metadata: string
  /** The rate of binary messages that are played; 0 where they are not. */
  streamingRate: number
  takesPlayAudio: boolean
  /** The older release knows no marks, and plays at once what the newer one holds back. */
  release: ForkRelease
  /** Frames that are kept back and sent as one message; 1 sends each by itself. */
  coalescedFrames: number
}

/** What a fork needs of the channel that it is on. */
export type ForkedChannel = {
  readonly uuid: string
  readonly isUp: boolean
  readonly variables: ReadonlyMap<string, string>
  fireCustom(subclass: string, body: string): void
  readonly playing: { break(how: 'break-all'): void }
}

const CONNECT_TIMEOUT_MS = 5000
/** How long the service may take to answer a close before the socket is cut. */
const CLOSE_TIMEOUT_MS = 2000
const SUBPROTOCOL = 'audio.drachtio.org'

/**
 * mod_audio_fork on one channel: sends what the caller says to a WebSocket of the service, and plays what comes back. It
 * stays on the channel when its socket is gone, until it is stopped. Source: jambonz/freeswitch-modules, mod_audio_fork.
 */
export class AudioFork {
  readonly #channel: ForkedChannel
  readonly #options: ForkOptions
  readonly #socket: WebSocket
  readonly #streamed: StreamedAudio | null
  #held: Buffer[] = []
  #isPaused = false
  #isClosing = false
  readonly #files: ForkFiles
  readonly #frames: ForkFrames

  constructor(channel: ForkedChannel, options: ForkOptions) {
    this.#channel = channel
    this.#options = options
    this.#files = new ForkFiles(channel.uuid)
    this.#frames = new ForkFrames(options)
    const { streamingRate, release } = options
    const send = (mark: string) => this.#send(mark)
    this.#streamed = streamingRate ? new StreamedAudio(streamingRate, { release, send }) : null
    const username = channel.variables.get('MOD_AUDIO_BASIC_AUTH_USERNAME')
    const password = channel.variables.get('MOD_AUDIO_BASIC_AUTH_PASSWORD') ?? ''
    this.#socket = new WebSocket(options.url, SUBPROTOCOL, {
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      perMessageDeflate: false,
      ...(username && { auth: `${username}:${password}` }),
    })
    let hasOpened = false
    this.#socket.on('open', () => {
      hasOpened = true
      this.#opened()
    })
    this.#socket.on('message', (data: Buffer, isBinary) => this.#received(data, isBinary))
    this.#socket.on('error', (error) => {
      if (!hasOpened && !this.#isClosing)
        this.#fire('connect_failed', JSON.stringify({ reason: failure(error) }))
    })
    this.#socket.on('close', () => {
      if (hasOpened && !this.#isClosing) this.#fire('disconnect', '')
    })
  }

  /** Adds what the service streams to the frame that goes to the caller. */
  mixInto(frame: Int16Array): void {
    this.#streamed?.mixInto(frame)
  }

  /** Takes the caller's frame and the one that goes to the caller. */
  offer(caller: Int16Array, other: Int16Array): void {
    if (this.#isPaused || this.#socket.readyState !== WebSocket.OPEN) return
    this.#held.push(this.#frames.frame(caller, other))
    if (this.#held.length < this.#options.coalescedFrames) return
    this.#socket.send(Buffer.concat(this.#held))
    this.#held = []
  }

  sendText(text: string): void {
    this.#send(text)
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
  }

  /** Sends no more of the caller, and says so by an empty frame. */
  finish(): void {
    this.#isPaused = true
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(Buffer.alloc(0))
  }

  stopPlaying(): void {
    this.#streamed?.clear()
  }

  /** Ends it with an optional last text. */
  close(text = ''): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#files.remove()
    if (this.#socket.readyState === WebSocket.CONNECTING) {
      this.#socket.terminate()
      return
    }
    if (text) this.#send(text)
    this.#socket.close(1000)
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  /** Cuts the socket without a word, as a broken network does. */
  drop(): void {
    this.#socket.terminate()
  }

  /** The service hears of the connection before the app does. */
  #opened(): void {
    if (this.#options.metadata) this.#send(this.#options.metadata)
    setImmediate(() => this.#fire('connect', ''))
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.#streamed?.push(data)
      return
    }
    const message = parsed(data.toString('utf8'))
    if (message) this.#obey(message)
  }

  #obey(message: { type: string; data?: Record<string, unknown> }): void {
    const { type, data } = message
    if (type === 'playAudio') this.#playAudio(data)
    else if (type === 'killAudio') this.#killAudio()
    else if (type === 'mark' && this.#options.release !== '1.2.22')
      this.#streamed?.mark(`${data?.name ?? ''}`)
    else if (type === 'clearMarks') this.#streamed?.clearMarks()
    else if (type === 'json') this.#fire('json', JSON.stringify(message))
    else if (PASSED_ON.has(type)) this.#fire(type, data === undefined ? '' : JSON.stringify(data))
  }

  /** Only writes a file and says so: it is the app that plays it. */
  #playAudio(data: Record<string, unknown> | undefined): void {
    if (!data || !this.#options.takesPlayAudio) return
    const { audioContent, ...rest } = data
    const file = this.#files.write(data)
    this.#fire('play_audio', JSON.stringify(file ? { ...rest, file } : rest))
  }

  #killAudio(): void {
    this.#fire('kill_audio', '')
    this.#channel.playing.break('break-all')
    this.#streamed?.clear()
  }

  #send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text)
  }

  #fire(event: string, body: string): void {
    if (this.#channel.isUp) this.#channel.fireCustom(`mod_audio_fork::${event}`, body)
  }
}

/** Messages that become events of the same name. */
const PASSED_ON = new Set(['transcription', 'transfer', 'disconnect', 'error'])

/** What the module says of it: libwebsockets' words. */
function failure({ message, code = '' }: Error & { code?: string }): string {
  if (/Unexpected server response/.test(message)) return 'HS: ws upgrade response not 101'
  return code === 'ECONNREFUSED' ? 'conn fail: 111' : message
}

function parsed(text: string): { type: string; data?: Record<string, unknown> } | null {
  try {
    const message: unknown = JSON.parse(text)
    const isTyped = typeof message === 'object' && message !== null && 'type' in message
    return isTyped ? (message as { type: string }) : null
  } catch {
    return null
  }
}
