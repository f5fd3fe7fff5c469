import { millisecondsOf, type WireAudio } from '../audio/audio-format.ts'
import { type Transcoder, transcoderBetween } from '../audio/transcoder.ts'
import type { Clock } from '../runtime/clock.ts'
import { AudioQueue, limitsOf } from './audio-queue.ts'
import type { CarrierCodec } from './carrier-port.ts'
import type { CarrierSocket } from './carrier-socket.ts'
import type { MediaMetrics } from './media-metrics.ts'
import { AgentSpeech, type CutShort } from './playout-tracker.ts'
import { WaitingMusic } from './waiting-music.ts'

/**
 * Agents send a whole answer faster than it is spoken and the carrier keeps it, so audio waits only when the network is
 * stuck: so many milliseconds of it in the socket, and half a minute and more here.
 */
const LIMITS_MS = { socket: 6_000, waiting: 48_000 }

/** Stands behind the agent's last word; other marks are named by a number. */
const LAST_WORD = 'last-word'
/** What the network and the carrier's own buffer may add to the length of the agent's last words. */
const LAST_WORD_SLACK_MS = 2_000
/** The same where the carrier does not say when they were played, and every caller would wait for it. */
const UNMARKED_SLACK_MS = 400
/** A tick before the carrier runs out of audio: what still follows then comes after a gap anyway. */
const FLUSH_BEFORE_END_MS = 300

/** The half of a session that faces the caller: the agent's audio in order, and where the carrier is in it. */
export class CarrierChannel {
  readonly #socket: CarrierSocket
  readonly #codec: CarrierCodec
  readonly #clock: Clock
  readonly #metrics: MediaMetrics
  readonly #queue: AudioQueue
  readonly #speech: AgentSpeech
  readonly #music: WaitingMusic
  /** Null while the agent speaks as the carrier plays. */
  #transcoder: Transcoder | null = null
  #isFlushed = true

  /** `waitingTrack` is a loop of headerless mu-law at 8 kHz. */
  constructor(
    socket: CarrierSocket,
    codec: CarrierCodec,
    { clock, metrics, waitingTrack }: { clock: Clock; metrics: MediaMetrics; waitingTrack: Buffer },
  ) {
    this.#socket = socket
    this.#codec = codec
    this.#clock = clock
    this.#metrics = metrics
    this.#speech = new AgentSpeech(clock)
    this.#music = new WaitingMusic(waitingTrack, clock, (payload) => this.#playMusic(payload))
    this.#queue = new AudioQueue(
      socket,
      limitsOf(() => codec.outboundFormat, LIMITS_MS),
      clock,
      {
        dropped: (frames) => {
          metrics.counts.agentToCallerDropped += frames
        },
        waited: (milliseconds) => metrics.observeRelayDelay(milliseconds / 1000),
      },
    )
  }

  /** An agent speaks from now on whose audio is written so. */
  expect(speech: WireAudio): void {
    this.#transcoder = transcoderBetween(speech, this.#codec.outboundFormat)
  }

  play(speech: Buffer): void {
    this.#metrics.counts.agentToCallerFrames++
    const payload = this.#transcoder === null ? speech : this.#transcoder.transcode(speech)
    if (payload.length === 0) return
    this.#queue.audio(this.#codec.media(payload))
    this.#isFlushed = false
    if (this.#speech.sent(millisecondsOf(payload, this.#codec.outboundFormat))) this.#markIfFlowing()
  }

  /** Lets the caller hear that the line lives, once the agent's last words have been played. */
  startMusic(): void {
    this.#music.start(this.#codec.outboundFormat, this.#speech.remainingMs())
  }

  /** The agent is there again. Returns its earlier words that the caller did not hear to the end. */
  stopMusic(): CutShort[] {
    if (!this.#music.isPlaying) return []
    this.#music.stop()
    this.#queue.dropAudio()
    this.#socket.send(this.#codec.clear(), false)
    return this.#speech.interrupted()
  }

  /** No more of it; what the carrier has already is played. */
  endMusic(): void {
    this.#music.stop()
  }

  /** With `spokenMs`, the last so many milliseconds of what was played until now speak these words; else what follows does. */
  said(words: string, spokenMs?: number): void {
    if (spokenMs === undefined) this.#speech.said(words)
    else this.#speech.spoke(words, spokenMs)
  }

  corrected(original: string): void {
    this.#speech.corrected(original)
  }

  /** How much of the agent's speech has not been played yet. */
  get unheardMs(): number {
    return this.#speech.remainingMs()
  }

  /** Silences the agent at once. Returns its words that the caller did not hear to the end. */
  interrupt(): CutShort[] {
    const began = this.#clock.now()
    this.#queue.dropAudio()
    this.#transcoder?.reset()
    this.#socket.send(this.#codec.clear(), false, (error) => {
      if (!error) this.#metrics.observeBargeIn((this.#clock.now() - began) / 1000)
    })
    return this.#speech.interrupted()
  }

  /** Asks the carrier to say when the agent's last word was played; returns how long to wait for it, in milliseconds. */
  awaitLastWord(): number {
    this.#flush()
    const mark = this.#codec.mark(LAST_WORD)
    if (mark === null) return this.#speech.remainingMs() + UNMARKED_SLACK_MS
    this.#queue.control(mark)
    return this.#speech.remainingMs() + LAST_WORD_SLACK_MS
  }

  /** Ends the leg over its stream; false where that cannot be done. */
  hangUp(): boolean {
    const { hangUp } = this.#codec
    if (hangUp) this.#socket.send(hangUp, false)
    return hangUp !== undefined
  }

  /** The carrier has sent a mark back; true when it was the one behind the last word. */
  marked(name: string): boolean {
    this.#speech.marked(name)
    return name === LAST_WORD
  }

  tick(): void {
    this.#music.tick()
    this.#queue.drain()
    if (this.#speech.tick()) this.#markIfFlowing()
    if (!this.#isFlushed && this.#speech.remainingMs() < FLUSH_BEFORE_END_MS) this.#flush()
  }

  #playMusic(payload: Buffer): void {
    this.#queue.audio(this.#codec.media(payload))
    this.#isFlushed = false
  }

  #flush(): void {
    this.#isFlushed = true
    if (this.#codec.flush) this.#queue.audio(this.#codec.flush)
  }

  /** A mark behind audio that waits would only wait too; the next one tells as much. */
  #markIfFlowing(): void {
    if (this.#queue.isWaiting) return
    const mark = this.#codec.mark(this.#speech.mark())
    if (mark !== null) this.#queue.control(mark)
  }
}
