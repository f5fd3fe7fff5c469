import { writeFileSync } from 'node:fs'
import { bass, bell, pad, perform, pluck } from './hold-music/instruments.ts'
import { addRoom, cutRumble, toSamples } from './hold-music/mastering.ts'
import { bassNotes, melodyNotes, padNotes, pluckNotes } from './hold-music/score.ts'
import { HOLD_TRACK } from './hold-track.ts'
import { encodeMuLaw } from './mulaw-buffer.ts'

/*
 * Renders the hold music from its score: the same bytes every time. Run by hand after a change of the score or of the
 * instruments:   npx node src/audio/compose-hold-music.ts
 */

/** The whole loop as mu-law, 8 kHz. */
export function composeHoldMusic(): Buffer {
  const dry = mix([
    [perform(padNotes, pad), 0.13],
    [perform(bassNotes, bass), 0.26],
    [perform(pluckNotes, pluck), 0.34],
    [perform(melodyNotes, bell), 0.34],
  ])
  return encodeMuLaw(toSamples(cutRumble(addRoom(dry, 0.3))))
}

function mix(tracks: [Float64Array, number][]): Float64Array {
  const first = tracks[0]?.[0] ?? new Float64Array()
  return first.map((_, i) => tracks.reduce((sum, [track, gain]) => sum + gain * (track[i] as number), 0))
}

if (import.meta.main) writeFileSync(HOLD_TRACK, composeHoldMusic())
