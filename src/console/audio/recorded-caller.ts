import { LOUD } from './loudness.ts'
import { FRAME_MS, type TelephoneLine } from './telephone-line.ts'
import { TurnTaker } from './turn-taker.ts'
import { type Utterance, utterancesIn } from './utterances.ts'

const RECORDING = '/console/caller-sample.wav'
/** More than the simulated agent has answers, so that a call nobody looks after still comes to its end. */
const MAX_UTTERANCES = 20

/** Speaks in place of a person: the utterances of the shipped recording in turn, each when the agent has finished. */
export class RecordedCaller {
  readonly #line: TelephoneLine
  readonly #recording: AudioBuffer
  readonly #utterances: Utterance[]
  readonly #turns = new TurnTaker()
  #spoken = 0
  #isSpeaking = false

  static async load(line: TelephoneLine): Promise<RecordedCaller> {
    const response = await fetch(RECORDING)
    if (!response.ok) throw new Error(`The recorded caller could not be loaded (status ${response.status}).`)
    return new RecordedCaller(line, await line.decode(await response.arrayBuffer()))
  }

  private constructor(line: TelephoneLine, recording: AudioBuffer) {
    this.#line = line
    this.#recording = recording
    this.#utterances = utterancesIn(recording.getChannelData(0), recording.sampleRate)
  }

  /** To be told of every frame of the agent's speech while the agent is there. */
  hears(loudness: number): void {
    if (this.#isSpeaking || !this.#turns.hears(loudness >= LOUD, FRAME_MS)) return
    const next = this.#utterances[this.#spoken % this.#utterances.length]
    if (!next || this.#spoken >= MAX_UTTERANCES) return
    this.#spoken++
    this.#isSpeaking = true
    this.#line.speak(this.#recording, next, () => {
      this.#isSpeaking = false
      this.#turns.reset()
    })
  }
}
