import { readFile } from 'node:fs/promises'
import { HOLD_TRACK } from '../audio/hold-track.ts'
import { SPOKEN_SOUNDS } from '../audio/spoken.ts'
import type { AppOptions } from '../http/app.ts'

/** What callers hear: the hold track, and what is said to them. */
export type Sounds = Pick<AppOptions['audio'], 'holdTrack' | 'spoken'>

export async function readSounds(): Promise<Sounds> {
  const spoken = Object.entries(SPOKEN_SOUNDS).map(async ([name, file]) => [name, await readFile(file)])
  return { holdTrack: await readFile(HOLD_TRACK), spoken: Object.fromEntries(await Promise.all(spoken)) }
}
