import { readFile } from 'node:fs/promises'
import { Resampler } from '../../../../src/audio/resampler.ts'
import { readWav, WavError } from '../../../../src/audio/wav.ts'
import type { HttpFiles } from './http-files.ts'
import { CHANNEL_RATE, type Sound, sampled, silence } from './sound.ts'
import { toneStream } from './tone-stream.ts'

/** Headerless 16-bit samples, by the ending of the file's name. */
const RAW_RATES: Readonly<Record<string, number>> = {
  r8: 8000,
  r16: 16_000,
  r24: 24_000,
  r32: 32_000,
  r48: 48_000,
}

/** Opens what a playback names, at `seek` samples; null is "file not found". What has no name for its kind is taken for a file. */
export async function openSound(
  path: string,
  { http, seek }: { http: HttpFiles; seek: number },
): Promise<Sound | null> {
  const [, scheme = 'file', rest = path] = /^([a-z_]+):\/\/(.*)$/s.exec(path) ?? []
  if (scheme === 'silence_stream') return silence(Number.parseInt(rest, 10))
  if (scheme === 'tone_stream') return toneStream(rest)
  if (scheme === 'http' || scheme === 'https') return decoded(path, await http.get(path), seek)
  return scheme === 'file' ? decoded(rest, await readFile(rest).catch(() => null), seek) : null
}

function decoded(name: string, file: Buffer | null, seek: number): Sound | null {
  if (!file) return null
  const raw = RAW_RATES[/\.(r\d+)$/.exec(name)?.[1] ?? '']
  try {
    const { samples, rate } = raw ? { samples: rawSamples(file), rate: raw } : readWav(file)
    return sampled(Resampler.whole(samples.subarray(seek), rate, CHANNEL_RATE), { nativeRate: rate })
  } catch (error) {
    if (error instanceof WavError) return null
    throw error
  }
}

function rawSamples(file: Buffer): Int16Array {
  return Int16Array.from({ length: file.length >> 1 }, (_, i) => file.readInt16LE(i * 2))
}
