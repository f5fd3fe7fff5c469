import { FRAME_SAMPLES, type Sound } from './sound.ts'

/** How it ended: by itself, or because the app broke it off; `all` breaks off a whole list of files. */
export type PlayingEnd = 'done' | 'break' | 'break-all'

type Playing = { sound: Sound; samplesPlayed: number; end: (how: PlayingEnd) => void }

/** What is being played on a channel: one sound, and under it those which wait until it is over. */
export class PlayingStack {
  readonly #stack: Playing[] = []
  #broken: 'break' | 'break-all' | null = null

  get isEmpty(): boolean {
    return this.#stack.length === 0
  }

  /** Plays a sound before anything else goes on. Resolves with how it ended and the samples, at the channel's rate, that were heard. */
  play(sound: Sound): Promise<{ how: PlayingEnd; samplesPlayed: number }> {
    return new Promise((resolve) => {
      const end = (how: PlayingEnd) => resolve({ how, samplesPlayed: playing.samplesPlayed })
      const playing: Playing = { sound, samplesPlayed: 0, end }
      this.#stack.push(playing)
    })
  }

  /** Ends the sound that is heard, or the next one that is begun by an application that runs already. */
  break(how: 'break' | 'break-all'): void {
    this.#broken = how
  }

  /** An application that begins is not broken off by what was said before. */
  forgetBreak(): void {
    this.#broken = null
  }

  /** The next 20 ms: silence when nothing is played. */
  nextFrame(): Int16Array {
    const frame = new Int16Array(FRAME_SAMPLES)
    const playing = this.#stack.at(-1)
    if (!playing) return frame
    if (this.#broken) {
      const how = this.#broken
      this.#broken = null
      this.#stack.pop()
      playing.end(how)
      return frame
    }
    const samples = playing.sound.read(FRAME_SAMPLES)
    frame.set(samples)
    playing.samplesPlayed += samples.length
    if (samples.length < FRAME_SAMPLES) {
      this.#stack.pop()
      playing.end('done')
    }
    return frame
  }

  /** Ends everything. */
  stop(): void {
    for (const { end } of this.#stack.splice(0).reverse()) end('break-all')
  }
}
