/*
 * The hold music as notes: twelve bars of four beats at 90 beats a minute, which is 32 seconds to the sample.
 * Three phrases in D major, the last left open so that the first answers it when the loop comes round.
 * Composed for this project; nobody else has a claim on it.
 */

export const BEATS_PER_MINUTE = 90
const BEATS_PER_BAR = 4

/** `pitch` is a MIDI note number (69 is A at 440 Hz); `start` and `length` are in beats; `loudness` is 0 to 1. */
export type Note = { pitch: number; start: number; length: number; loudness: number }

/** One bar's harmony: the bass note, and four voices from low to high that move as little as they can. */
type Chord = { bass: number; voices: readonly [number, number, number, number] }

const D_MAJ9: Chord = { bass: 50, voices: [66, 69, 73, 76] }
const B_MIN7: Chord = { bass: 47, voices: [66, 69, 71, 74] }
const G_MAJ9: Chord = { bass: 55, voices: [66, 69, 71, 74] }
const A_SUS: Chord = { bass: 57, voices: [64, 67, 71, 74] }
const FS_MIN7: Chord = { bass: 54, voices: [64, 69, 73, 76] }
const E_MIN9: Chord = { bass: 52, voices: [67, 71, 74, 78] }

const BARS: readonly Chord[] = [
  D_MAJ9,
  B_MIN7,
  G_MAJ9,
  A_SUS,
  D_MAJ9,
  FS_MIN7,
  G_MAJ9,
  A_SUS,
  E_MIN9,
  FS_MIN7,
  G_MAJ9,
  A_SUS,
]

/** Which voice of the chord each eighth of a bar plucks; two shapes that alternate keep it from turning mechanical. */
const ROLLING = [0, 2, 1, 3, 2, 1, 3, 2] as const
const FALLING = [0, 1, 2, 3, 2, 3, 1, 2] as const
const PLUCK_ACCENTS = [1, 0.6, 0.72, 0.66, 0.86, 0.6, 0.72, 0.58] as const

/** [bar, beat, beats, pitch]: few notes, with room to breathe between them. */
const MELODY: readonly (readonly [number, number, number, number])[] = [
  ...([
    [0, 0, 2, 78],
    [0, 2, 2, 81],
  ] as const),
  ...([
    [1, 0, 3, 83],
    [1, 3, 1, 81],
  ] as const),
  ...([
    [2, 0, 2, 78],
    [2, 2, 2, 74],
  ] as const),
  ...([[3, 0, 3, 76]] as const),
  ...([
    [4, 0, 2, 78],
    [4, 2, 2, 81],
  ] as const),
  ...([
    [5, 0, 3, 85],
    [5, 3, 1, 83],
  ] as const),
  ...([
    [6, 0, 2, 81],
    [6, 2, 2, 78],
  ] as const),
  ...([[7, 0, 3, 76]] as const),
  ...([
    [8, 0, 2, 79],
    [8, 2, 2, 83],
  ] as const),
  ...([
    [9, 0, 2, 81],
    [9, 2, 2, 85],
  ] as const),
  ...([
    [10, 0, 3, 83],
    [10, 3, 1, 81],
  ] as const),
  ...([[11, 0, 3, 76]] as const),
]

export const LOOP_BEATS = BARS.length * BEATS_PER_BAR

/** Long chords, each held a little into the next. */
export const padNotes: readonly Note[] = BARS.flatMap(({ voices }, bar) =>
  voices.map((pitch) => ({ pitch, start: bar * BEATS_PER_BAR, length: BEATS_PER_BAR, loudness: 1 })),
)

/** The root on the first beat, and lighter on the third. */
export const bassNotes: readonly Note[] = BARS.flatMap(({ bass }, bar) => [
  { pitch: bass, start: bar * BEATS_PER_BAR, length: 2, loudness: 1 },
  { pitch: bass, start: bar * BEATS_PER_BAR + 2, length: 2, loudness: 0.6 },
])

/** Plucked eighths through the chord. */
export const pluckNotes: readonly Note[] = BARS.flatMap(({ voices }, bar) =>
  (bar % 2 === 0 ? ROLLING : FALLING).map((voice, eighth) => ({
    pitch: voices[voice],
    start: bar * BEATS_PER_BAR + eighth / 2,
    length: 2,
    loudness: PLUCK_ACCENTS[eighth] as number,
  })),
)

/** The tune, on a soft bell. */
export const melodyNotes: readonly Note[] = MELODY.map(([bar, beat, length, pitch]) => ({
  pitch,
  start: bar * BEATS_PER_BAR + beat,
  length,
  loudness: beat === 0 ? 1 : 0.85,
}))
