/*
 * A stand-in for speech synthesis: one syllable of sound for each syllable of text, made the way a voice makes it (a
 * buzz at the pitch of the voice, coloured by the resonances of a vowel, breath before it), so it has the length and
 * the melody of speech and no words.
 */

const SAMPLE_RATE = 8000
const BREATH_MS = 45
const VOWEL_MS = 135
const WORD_GAP_MS = 35
const CLAUSE_GAP_MS = 180
const SENTENCE_GAP_MS = 350

/** The buzz falls from the first pitch to the second within a sentence, as a statement does. */
const PITCH_START_HZ = 190
const PITCH_END_HZ = 150

const LOUDNESS = 9000
const BREATH_LOUDNESS = 700

/** First and second formant of the vowels, in hertz (Peterson and Barney 1952, rounded). */
const FORMANTS: Record<string, [number, number]> = {
  a: [730, 1090],
  e: [530, 1840],
  i: [300, 2290],
  o: [570, 840],
  u: [320, 870],
  y: [390, 1990],
}
const NEUTRAL_VOWEL: [number, number] = [500, 1500]
const FORMANT_WIDTH_HZ = 90

/** 8 kHz samples of `text`, babbled. The same text gives the same samples. */
export function babble(text: string): Int16Array {
  const sounds = text.split(/(?<=[.!?])\s+/).flatMap(babbleSentence)
  const samples = new Int16Array(sounds.reduce((length, sound) => length + sound.length, 0))
  let offset = 0
  for (const sound of sounds) {
    samples.set(sound, offset)
    offset += sound.length
  }
  return samples
}

function babbleSentence(sentence: string): Int16Array[] {
  const words = sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  const sounds = words.flatMap((word, index) => {
    const pitch = PITCH_START_HZ + (PITCH_END_HZ - PITCH_START_HZ) * (index / words.length)
    const gap = silence(/[,;:]$/.test(word) ? CLAUSE_GAP_MS : WORD_GAP_MS)
    return [...vowelsOf(word).flatMap((vowel) => [breath(BREATH_MS), buzz(vowel, pitch)]), gap]
  })
  return [...sounds, silence(SENTENCE_GAP_MS)]
}

/** One vowel for each syllable; a word or number without any still has one. */
function vowelsOf(word: string): string[] {
  const groups = word.toLowerCase().match(/[aeiouy]+/g)
  return groups ? groups.map((group) => group.charAt(0)) : ['']
}

function silence(ms: number): Int16Array {
  return new Int16Array(samplesIn(ms))
}

/** Noise that rises, as a consonant before its vowel. A fixed congruential generator keeps it the same every time. */
function breath(ms: number): Int16Array {
  let state = 12345
  return Int16Array.from({ length: samplesIn(ms) }, (_, i) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state / 0x40000000 - 1) * BREATH_LOUDNESS * (i / samplesIn(ms))
  })
}

function buzz(vowel: string, pitch: number): Int16Array {
  const length = samplesIn(VOWEL_MS)
  const [first, second] = (FORMANTS[vowel] ?? NEUTRAL_VOWEL).map(resonator) as [Filter, Filter]
  const period = SAMPLE_RATE / pitch
  const raw = Float64Array.from({ length }, (_, i) => {
    const pulse = i % period < 1 ? 1 : 0
    return (first(pulse) + 0.5 * second(pulse)) * swell(i / length)
  })
  const peak = raw.reduce((highest, value) => Math.max(highest, Math.abs(value)), 1e-9)
  return Int16Array.from(raw, (value) => (value / peak) * LOUDNESS)
}

type Filter = (input: number) => number

/** A two-pole resonance, the building block of a formant synthesiser (Klatt 1980). */
function resonator(frequency: number): Filter {
  const radius = Math.exp((-Math.PI * FORMANT_WIDTH_HZ) / SAMPLE_RATE)
  const near = 2 * radius * Math.cos((2 * Math.PI * frequency) / SAMPLE_RATE)
  const far = -radius * radius
  let last = 0
  let beforeLast = 0
  return (input) => {
    const output = input + near * last + far * beforeLast
    beforeLast = last
    last = output
    return output
  }
}

/** Loudness over a vowel, 0 to 1 and back: without it every syllable would click. */
function swell(position: number): number {
  return Math.sin(Math.PI * position) ** 0.5
}

function samplesIn(ms: number): number {
  return Math.round((ms * SAMPLE_RATE) / 1000)
}
