import { recordingOf } from '../api/calls-api.ts'
import { loudnessOf } from './waveform.ts'

/** What a telephone carries; more would only take memory. */
const RATE = 8_000
/** An hour of speech at the vendor's rate. What is longer is not held decoded in a page. */
const MAX_BYTES = 60_000_000

/** The sound of one conversation, ready to be drawn and played. */
export type Recording = {
  conversationId: string
  /** In milliseconds. */
  length: number
  /** From 0 to 1, the loudest of each equal part. */
  loudness: readonly number[]
  samples: AudioBuffer
}

/** Null when it is too long to be shown here. Rejects with ApiError, or when the browser cannot decode it. */
export async function loadRecording(callId: string, conversationId: string): Promise<Recording | null> {
  const bytes = await recordingOf(callId, conversationId)
  if (bytes.byteLength > MAX_BYTES) return null
  const samples = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes)
  return {
    conversationId,
    length: samples.duration * 1000,
    loudness: loudnessOf(samples.getChannelData(0)),
    samples,
  }
}

/** Plays from a place, in milliseconds; the returned function stops it. */
export function playRecording(
  { samples }: Recording,
  from: number,
  onMoment: (ms: number) => void,
  onEnd: () => void,
): () => void {
  const context = new AudioContext()
  const source = context.createBufferSource()
  source.buffer = samples
  source.connect(context.destination)
  source.start(0, from / 1000)
  const telling = setInterval(() => onMoment(from + context.currentTime * 1000), TOLD_EVERY_MS)
  const stop = () => {
    clearInterval(telling)
    source.onended = null
    void context.close()
  }
  source.onended = () => {
    stop()
    onEnd()
  }
  return stop
}

const TOLD_EVERY_MS = 100
