import { CHANNEL_RATE, type Sound, sampled } from './sound.ts'

/** As loud as FreeSWITCH makes tones where nothing else is said. */
const AMPLITUDE = 8000

/**
 * `tone_stream://`: tones written as `%(on,off,hertz[,hertz])` in milliseconds, and `loops=`; -1 is for ever.
 * Returns null where there is no tone. Source: FreeSWITCH, mod_tone_stream and libteletone (TGML).
 */
export function toneStream(script: string): Sound | null {
  const tones = Array.from(script.matchAll(/%\((\d+),\s*(\d+),\s*([\d.,\s]+)\)/g), ([, on, off, pitches]) => [
    ...tone(Number(on), (pitches as string).split(',').map(Number)),
    ...new Int16Array((Number(off) * CHANNEL_RATE) / 1000),
  ])
  if (tones.length === 0) return null
  const loops = Number(/(?:loops|L)=(-?\d+)/.exec(script)?.[1] ?? 1)
  const once = Int16Array.from(tones.flat())
  if (loops < 0) return sampled(once, { isEndless: true })
  return sampled(Int16Array.from(Array.from({ length: loops }, () => [...once]).flat()))
}

function tone(milliseconds: number, pitches: number[]): Int16Array {
  const step = (2 * Math.PI) / CHANNEL_RATE
  return Int16Array.from({ length: (milliseconds * CHANNEL_RATE) / 1000 }, (_, i) =>
    Math.round(
      pitches.reduce((sum, hertz) => sum + Math.sin(i * step * hertz), 0) * (AMPLITUDE / pitches.length),
    ),
  )
}
