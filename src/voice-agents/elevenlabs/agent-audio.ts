import type { WireAudio } from '../../audio/audio-format.ts'

/*
 * The audio formats of ElevenLabs' agents (its AsyncAPI document, AudioFormat): what an agent hears and speaks is set at
 * the vendor for each, and told when a conversation begins.
 */

const AUDIO_OF_FORMAT: ReadonlyMap<string, WireAudio> = new Map([
  ['ulaw_8000', { encoding: 'mulaw', rate: 8000, wire: 'base64' }],
  ...[8000, 16_000, 22_050, 24_000, 44_100, 48_000].map((rate): [string, WireAudio] => [
    `pcm_${rate}`,
    { encoding: 'l16', rate, wire: 'base64' },
  ]),
])

/** Null for a format that the vendor did not have when this was written. */
export const audioOfFormat = (format: string): WireAudio | null => AUDIO_OF_FORMAT.get(format) ?? null
