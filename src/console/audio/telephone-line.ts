import telephoneWorklet from './telephone.worklet.ts?worker&url'
import { TELEPHONE_PROCESSOR, type TelephoneReport } from './telephone-messages.ts'
import type { Utterance } from './utterances.ts'

export const FRAME_MS = 20

/** Asked of the microphone: without echo cancellation a loudspeaker's agent would interrupt itself. */
const MICROPHONE: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
}

/** The sound of one call: microphone or recording in, loudspeaker out, mu-law frames to and from the network. */
export class TelephoneLine {
  readonly #context: AudioContext
  readonly #telephone: AudioWorkletNode
  #microphone: MediaStream | null = null
  #isOpen = true

  /**
   * Must be called in a click's own turn, or the browser keeps the loudspeaker silent.
   * Rejects where a browser has no audio worklets, with what to do about it.
   */
  static async open(onReport: (report: TelephoneReport) => void): Promise<TelephoneLine> {
    const context = new AudioContext({ latencyHint: 'interactive' })
    if (!context.audioWorklet) {
      await context.close()
      throw new Error(
        'This browser only plays calls on pages from https or localhost. Open the console there.',
      )
    }
    await context.audioWorklet.addModule(telephoneWorklet)
    await context.resume()
    return new TelephoneLine(context, onReport)
  }

  private constructor(context: AudioContext, onReport: (report: TelephoneReport) => void) {
    this.#context = context
    this.#telephone = new AudioWorkletNode(context, TELEPHONE_PROCESSOR, {
      channelCount: 1,
      channelCountMode: 'explicit',
      outputChannelCount: [1],
    })
    this.#telephone.port.onmessage = ({ data }: MessageEvent<TelephoneReport>) => {
      if (this.#isOpen) onReport(data)
    }
    this.#telephone.connect(context.destination)
  }

  /** Plays a frame of mu-law from the network. */
  play(frame: Uint8Array): void {
    this.#telephone.port.postMessage(frame)
  }

  /** Asks the person for the microphone and lets it speak. Rejects with a DOMException when it is not to be had. */
  async openMicrophone(): Promise<void> {
    if (!navigator.mediaDevices) throw new DOMException('No microphone on an insecure page.', 'SecurityError')
    const microphone = await navigator.mediaDevices.getUserMedia(MICROPHONE)
    // The call may be over by the time that the person has answered the browser's question.
    if (!this.#isOpen) return stop(microphone)
    this.#microphone = microphone
    this.#context.createMediaStreamSource(microphone).connect(this.#telephone)
  }

  decode(file: ArrayBuffer): Promise<AudioBuffer> {
    return this.#context.decodeAudioData(file)
  }

  /** Speaks a part of a recording into the call. */
  speak(recording: AudioBuffer, { start, duration }: Utterance, onEnd: () => void): void {
    const source = this.#context.createBufferSource()
    source.buffer = recording
    source.onended = onEnd
    source.connect(this.#telephone)
    source.start(0, start, duration)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    if (this.#microphone) stop(this.#microphone)
    void this.#context.close()
  }
}

function stop(microphone: MediaStream): void {
  for (const track of microphone.getTracks()) track.stop()
}
