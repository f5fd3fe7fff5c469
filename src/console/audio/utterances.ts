import { LOUD, loudness } from './loudness.ts'

const WINDOW_SECONDS = 0.02
/** A shorter pause is within an utterance. */
const PAUSE_SECONDS = 1
/** Kept before and after, so that no consonant is cut off. */
const MARGIN_SECONDS = 0.1

/** A stretch of a recording, in seconds from its beginning. */
export type Utterance = { start: number; duration: number }

/** Where somebody speaks in a recording. */
export function utterancesIn(samples: Float32Array, rate: number): Utterance[] {
  const window = Math.round(rate * WINDOW_SECONDS)
  const found: { start: number; end: number }[] = []
  for (let at = 0; at + window <= samples.length; at += window) {
    if (loudness(toInt16(samples.subarray(at, at + window))) < LOUD) continue
    const start = at / rate
    const end = (at + window) / rate
    const last = found.at(-1)
    if (last && start - last.end < PAUSE_SECONDS) last.end = end
    else found.push({ start, end })
  }
  return found.map(({ start, end }) => withMargin(start, end, samples.length / rate))
}

function withMargin(start: number, end: number, length: number): Utterance {
  const from = Math.max(0, start - MARGIN_SECONDS)
  return { start: from, duration: Math.min(length, end + MARGIN_SECONDS) - from }
}

const toInt16 = (samples: Float32Array) => Int16Array.from(samples, (sample) => sample * 32767)
