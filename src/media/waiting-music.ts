import { TELEPHONE_AUDIO, type WireAudio, wireBytesPerMs } from '../audio/audio-format.ts'
import { sliceOfLoop } from '../audio/hold-track.ts'
import { type Transcoder, transcoderBetween } from '../audio/transcoder.ts'
import type { Clock } from '../runtime/clock.ts'

/** Held by the carrier ahead of what is heard, so that a late tick makes no gap. */
const AHEAD_MS = 1_000
const PIECE_MS = 250
const TRACK_AUDIO: WireAudio = { ...TELEPHONE_AUDIO, wire: 'bytes' }

/** What a caller hears while a lost agent is brought back: music, a little ahead of time, in the carrier's own format. */
export class WaitingMusic {
  readonly #track: Buffer
  readonly #clock: Clock
  readonly #send: (payload: Buffer) => void
  /** Null while it is silent. */
  #playing: { transcoder: Transcoder | null; until: number; position: number } | null = null

  /** `track` is a loop of headerless mu-law at 8 kHz. */
  constructor(track: Buffer, clock: Clock, send: (payload: Buffer) => void) {
    this.#track = track
    this.#clock = clock
    this.#send = send
  }

  get isPlaying(): boolean {
    return this.#playing !== null
  }

  /** Begins when what the carrier still plays, `afterMs` of it, has been heard. */
  start(outboundFormat: WireAudio, afterMs: number): void {
    this.#playing ??= {
      transcoder: transcoderBetween(TRACK_AUDIO, outboundFormat),
      until: this.#clock.now() + afterMs,
      position: 0,
    }
    this.tick()
  }

  stop(): void {
    this.#playing = null
  }

  /** To be called a few times a second. */
  tick(): void {
    const playing = this.#playing
    if (playing === null) return
    const now = this.#clock.now()
    playing.until = Math.max(playing.until, now)
    while (playing.until < now + AHEAD_MS) {
      const piece = sliceOfLoop(this.#track, playing.position, PIECE_MS * wireBytesPerMs(TRACK_AUDIO))
      playing.position = (playing.position + piece.length) % this.#track.length
      playing.until += PIECE_MS
      const payload = playing.transcoder === null ? piece : playing.transcoder.transcode(piece)
      if (payload.length > 0) this.#send(payload)
    }
  }
}
