import { decodeMuLaw, MU_LAW_RATE } from '../../audio/mulaw.ts'
import { Resampler } from '../../audio/resampler.ts'

/** The formats that an agent can hear and speak; PCM is 16-bit little-endian mono. */
export const AGENT_AUDIO_FORMATS = [
  'pcm_8000',
  'pcm_16000',
  'pcm_22050',
  'pcm_24000',
  'pcm_44100',
  'pcm_48000',
  'ulaw_8000',
] as const

export type AgentAudioFormat = (typeof AGENT_AUDIO_FORMATS)[number]

export function isAgentAudioFormat(format: string): format is AgentAudioFormat {
  return AGENT_AUDIO_FORMATS.some((known) => known === format)
}

/** Mu-law 8 kHz to the wire form of `format`. */
export function encodeAudio(muLaw: Buffer, format: AgentAudioFormat): Buffer {
  if (format === 'ulaw_8000') return muLaw
  return pcmBytes(Resampler.whole(decodeMuLaw(muLaw), MU_LAW_RATE, sampleRateOf(format)))
}

/** The wire form of `format` to samples at 8 kHz. Half a sample at the end is dropped. */
export function decodeAudio(bytes: Buffer, format: AgentAudioFormat): Int16Array {
  if (format === 'ulaw_8000') return decodeMuLaw(bytes)
  return Resampler.whole(pcmSamples(bytes), sampleRateOf(format))
}

/** How many bytes of `format` sound for `ms` milliseconds, in whole samples. */
export function bytesIn(ms: number, format: AgentAudioFormat): number {
  const bytesPerSample = format === 'ulaw_8000' ? 1 : 2
  return Math.round((ms * sampleRateOf(format)) / 1000) * bytesPerSample
}

function sampleRateOf(format: AgentAudioFormat): number {
  return Number(format.slice(format.indexOf('_') + 1))
}

function pcmBytes(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2)
  samples.forEach((sample, index) => {
    bytes.writeInt16LE(sample, index * 2)
  })
  return bytes
}

function pcmSamples(bytes: Buffer): Int16Array {
  return Int16Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readInt16LE(index * 2))
}
