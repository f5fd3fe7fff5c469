import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeMuLaw, MU_LAW_RATE } from '../../audio/mulaw.ts'
import { encodeMuLaw } from '../../audio/mulaw-buffer.ts'
import { Resampler } from '../../audio/resampler.ts'
import { babble } from './babble.ts'
import fileOfText from './speech/manifest.json' with { type: 'json' }

/*
 * What the simulated vendors say. Sentences that a demo call is sure to hear were rendered once and are intelligible;
 * any other text is babbled, for as long as it would take to say it.
 */

const SPEECH_DIRECTORY = join(import.meta.dirname, 'speech')

/** The vendor's premade voice that is heard as it was recorded; every other voice is recognisably different. */
export const DEFAULT_VOICE_ID = '21m00Tcm4TlvDq8ikWAM'

/** Nearer than this to 1 and two voices could be taken for one. */
const LEAST_PITCH_CHANGE = 0.07
/** Further than this and the words are hard to follow. */
const MOST_PITCH_CHANGE = 0.24

const recordedFiles = new Map(Object.entries(fileOfText))

/** Shifting the pitch takes tens of milliseconds, so what was said once is kept; this many sentences are a few megabytes. */
const MOST_KEPT = 100
const kept = new Map<string, Buffer>()

/** Mu-law 8 kHz speech of `text` in the voice `voiceId`, headerless: 8 bytes are 1 ms. The same input gives the same bytes. */
export function speak(text: string, voiceId: string = DEFAULT_VOICE_ID): Buffer {
  const words = text.trim().replace(/\s+/g, ' ')
  const key = `${voiceId} ${words}`
  const speech = kept.get(key) ?? render(words, voiceId)
  // Set anew, so that the first key is always the one that was not said for longest.
  kept.delete(key)
  kept.set(key, speech)
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break
    kept.delete(oldest)
  }
  return speech
}

/** How many times higher than the recorded voice this one is; 1 for the default voice. */
export function pitchOf(voiceId: string): number {
  if (voiceId === DEFAULT_VOICE_ID) return 1
  const hash = createHash('sha256').update(voiceId).digest()
  const share = hash.readUInt16BE(0) / 0xffff
  const change = LEAST_PITCH_CHANGE + share * (MOST_PITCH_CHANGE - LEAST_PITCH_CHANGE)
  return hash.readUInt8(2) % 2 === 0 ? 1 + change : 1 / (1 + change)
}

function render(words: string, voiceId: string): Buffer {
  const file = recordedFiles.get(words)
  const recorded =
    file === undefined ? encodeMuLaw(babble(words)) : readFileSync(join(SPEECH_DIRECTORY, file))
  const pitch = pitchOf(voiceId)
  if (pitch === 1) return recorded
  // Played at another rate than it was recorded at, the voice changes its pitch, and its tempo a little.
  return encodeMuLaw(Resampler.whole(decodeMuLaw(recorded), Math.round(MU_LAW_RATE * pitch)))
}
