import { MU_LAW_RATE } from '../mulaw.ts'
import { BEATS_PER_MINUTE, LOOP_BEATS, type Note } from './score.ts'

/*
 * Additive instruments that play into a loop: what sounds past the end goes on at the beginning, so the loop has no seam.
 * Nothing above the telephone's upper edge is ever made, so nothing folds back as a false tone.
 */

const SECONDS_PER_BEAT = 60 / BEATS_PER_MINUTE
const LOOP_SAMPLES = LOOP_BEATS * SECONDS_PER_BEAT * MU_LAW_RATE

/** The upper edge of a telephone channel (ITU-T G.712), in hertz. */
const TOP_OF_BAND = 3400

/** A pure tone within a note. Amplitude 1 is full scale; `envelope` takes seconds since the note began. */
type Partial = { hertz: number; amplitude: number; envelope: (seconds: number) => number }
type Instrument = (hertz: number, seconds: number) => { partials: Partial[]; soundsFor: number }

/** Warm and slow: three strings a hair apart in pitch, few overtones, long swell. */
export const pad: Instrument = (hertz, seconds) => {
  const swell = 0.7
  const release = 1.4
  const envelope = (at: number) =>
    easeIn(at / swell) * easeIn((seconds + release - at) / release) * (1 + 0.08 * Math.sin(at * 2.1))
  const partials = [0.9977, 1, 1.0024].flatMap((detune) =>
    [1, 0.42, 0.2, 0.08].map((share, k) => ({
      hertz: hertz * detune * (k + 1),
      amplitude: share / 3,
      envelope,
    })),
  )
  return { partials, soundsFor: seconds + release }
}

/** A nylon string plucked near its middle: overtones fade first, and are a little sharp as on a real string. */
export const pluck: Instrument = (hertz) => {
  const stiffness = 0.00012
  const partials = Array.from({ length: 9 }, (_, i) => {
    const k = i + 1
    const decay = 1.5 + 0.9 * k + hertz / 900
    return {
      hertz: hertz * k * Math.sqrt(1 + stiffness * k * k),
      amplitude: Math.abs(Math.sin(0.37 * Math.PI * k)) / k ** 1.35,
      envelope: (at: number) => easeIn(at / 0.004) * Math.exp(-at * decay),
    }
  })
  return { partials, soundsFor: 2.6 }
}

/** Round, with enough second and third overtone to be heard through a line that carries no bass. */
export const bass: Instrument = (hertz, seconds) => {
  const partials = [0.7, 0.8, 0.38, 0.12].map((amplitude, k) => ({
    hertz: hertz * (k + 1),
    amplitude,
    envelope: (at: number) =>
      easeIn(at / 0.02) * Math.exp(-at * (0.9 + 0.5 * k)) * easeIn((seconds + 0.3 - at) / 0.3),
  }))
  return { partials, soundsFor: seconds + 0.3 }
}

/** Between a vibraphone and an electric piano: a soft strike that rings on, with a slow tremolo. */
export const bell: Instrument = (hertz, seconds) => {
  const ring = seconds + 1.2
  const tremolo = (at: number) => 1 + 0.1 * Math.sin(2 * Math.PI * 4.6 * at)
  const shares = [
    { ratio: 1, amplitude: 1, decay: 0.95 },
    { ratio: 2, amplitude: 0.16, decay: 1.8 },
    { ratio: 3, amplitude: 0.07, decay: 3 },
    { ratio: 4.01, amplitude: 0.1, decay: 6 },
  ]
  const partials = shares.map(({ ratio, amplitude, decay }) => ({
    hertz: hertz * ratio,
    amplitude,
    envelope: (at: number) =>
      easeIn(at / 0.012) * Math.exp(-at * decay) * tremolo(at) * easeIn((ring - at) / 0.4),
  }))
  return { partials, soundsFor: ring }
}

/** Plays the notes on the instrument into a loop of its own. */
export function perform(notes: readonly Note[], instrument: Instrument): Float64Array {
  const loop = new Float64Array(LOOP_SAMPLES)
  for (const note of notes) {
    const hertz = 440 * 2 ** ((note.pitch - 69) / 12)
    const { partials, soundsFor } = instrument(hertz, note.length * SECONDS_PER_BEAT)
    const start = Math.round(note.start * SECONDS_PER_BEAT * MU_LAW_RATE)
    for (const partial of partials) sound(loop, start, soundsFor, partial, note.loudness)
  }
  return loop
}

function sound(loop: Float64Array, start: number, seconds: number, partial: Partial, loudness: number): void {
  if (partial.hertz > TOP_OF_BAND) return
  const length = Math.floor(seconds * MU_LAW_RATE)
  for (let i = 0; i < length; i++) {
    const at = i / MU_LAW_RATE
    const place = (start + i) % loop.length
    loop[place] =
      (loop[place] as number) +
      loudness * partial.amplitude * partial.envelope(at) * Math.sin(2 * Math.PI * partial.hertz * at)
  }
}

/** 0 before it begins, 1 from its end on, and no corner in between that would click. */
function easeIn(progress: number): number {
  if (progress <= 0) return 0
  if (progress >= 1) return 1
  return 0.5 - 0.5 * Math.cos(Math.PI * progress)
}
