import { encodeMuLaw, MU_LAW_RATE, muLawSilence } from '../../audio/mulaw.ts'

/** About what an unhurried speaker needs. */
const MS_PER_LETTER = 62
const MAX_WORD_MS = 900
const WORD_GAP_MS = 70
const SENTENCE_GAP_MS = 350
const LOUDNESS = 5000
/** Two formants that the letters move about in, so that different words sound different. */
const FIRST_FORMANTS = [300, 380, 460, 560, 680, 760]
const SECOND_FORMANTS = [900, 1150, 1400, 1700, 2000, 2300]
const VOICE_PITCH = 125

/** Says a text without knowing how to speak: one murmur a word, as long as the word would take. Mu-law, 8 kHz. */
export function babble(text: string): Buffer {
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  return Buffer.concat(
    words.flatMap((word) => [
      murmur(word),
      muLawSilence(/[.!?:]$/.test(word) ? SENTENCE_GAP_MS : WORD_GAP_MS),
    ]),
  )
}

function murmur(word: string): Buffer {
  const letters = [...word]
  const length = Math.round((Math.min(letters.length * MS_PER_LETTER, MAX_WORD_MS) * MU_LAW_RATE) / 1000)
  const samples = Int16Array.from({ length }, (_, i) => {
    const letter = letters[Math.floor((i / length) * letters.length)]?.codePointAt(0) ?? 0
    const seconds = i / MU_LAW_RATE
    const swell = Math.sin((Math.PI * i) / length)
    return LOUDNESS * swell * voice(seconds, letter)
  })
  return encodeMuLaw(samples)
}

/** Harmonics of the speaker's pitch, those near the letter's formants the loudest. */
function voice(seconds: number, letter: number): number {
  const first = FIRST_FORMANTS[letter % FIRST_FORMANTS.length] as number
  const second = SECOND_FORMANTS[(letter * 7) % SECOND_FORMANTS.length] as number
  let sum = 0
  for (let hertz = VOICE_PITCH * 2; hertz < 2800; hertz += VOICE_PITCH) {
    const share = Math.exp(-(((hertz - first) / 130) ** 2)) + 0.5 * Math.exp(-(((hertz - second) / 170) ** 2))
    if (share > 0.02) sum += share * Math.sin(2 * Math.PI * hertz * seconds)
  }
  return sum
}
