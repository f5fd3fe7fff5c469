import { decodeMuLaw, MU_LAW_RATE } from '../../audio/mulaw.ts'
import { Resampler } from '../../audio/resampler.ts'
import { ClientError } from './client-error.ts'
import type { SessionUpdate } from './client-events.ts'

/** What the vendor had on 2026-11-17 (`openai` 7.59.0, RealtimeAudioConfigOutput). */
const VOICES = ['alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin', 'cedar']
const TRANSCRIPTION_MODELS = [
  'gpt-live-transcribe',
  'gpt-transcribe',
  'gpt-realtime-whisper',
  'whisper-1',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  'gpt-4o-transcribe-diarize',
]
const PCM_RATE = 24_000

type Format = 'audio/pcmu' | 'audio/pcm'

export type TurnDetection = {
  type: 'server_vad' | 'semantic_vad'
  prefixPaddingMs: number
  silenceDurationMs: number
  createsResponse: boolean
  interruptsResponse: boolean
}

export type SessionSettings = {
  instructions: string
  voice: string
  inputFormat: Format
  outputFormat: Format
  transcription: { model: string; language?: unknown } | null
  turnDetection: TurnDetection | null
  tools: { type: string; name?: unknown }[]
}

export const DEFAULTS: SessionSettings = {
  instructions: 'Your knowledge cutoff is 2024-10. You are a helpful, witty, and friendly AI.',
  voice: 'marin',
  inputFormat: 'audio/pcm',
  outputFormat: 'audio/pcm',
  transcription: null,
  turnDetection: {
    type: 'server_vad',
    prefixPaddingMs: 300,
    silenceDurationMs: 500,
    createsResponse: true,
    interruptsResponse: true,
  },
  tools: [],
}

/** The settings after an update, in which only the fields that are there change. */
export function settle(before: SessionSettings, update: SessionUpdate, hasSpoken: boolean): SessionSettings {
  const { input, output } = update.audio ?? {}
  const voice = output?.voice === undefined ? before.voice : voiceOf(output.voice)
  if (hasSpoken && voice !== before.voice)
    throw new ClientError(
      'cannot_update_voice',
      'Cannot update a conversation’s voice if assistant audio is present.',
      'session.audio.output.voice',
    )
  return {
    voice,
    instructions: update.instructions ?? before.instructions,
    tools: update.tools ?? before.tools,
    inputFormat: input?.format ? formatOf(input.format.type, 'input') : before.inputFormat,
    outputFormat: output?.format ? formatOf(output.format.type, 'output') : before.outputFormat,
    transcription:
      input?.transcription === undefined ? before.transcription : transcriptionOf(input.transcription),
    turnDetection:
      input?.turn_detection === undefined ? before.turnDetection : turnDetectionOf(input.turn_detection),
  }
}

function voiceOf(voice: string | { id: string }): string {
  const name = typeof voice === 'string' ? voice : voice.id
  if (typeof voice === 'string' ? VOICES.includes(name) : name.startsWith('voice_')) return name
  const supported = VOICES.map((each) => `'${each}'`).join(', ')
  throw new ClientError(
    'invalid_value',
    `Invalid value: '${name}'. Supported values are: ${supported}.`,
    'session.audio.output.voice',
  )
}

function formatOf(type: string, side: string): Format {
  if (type === 'audio/pcmu' || type === 'audio/pcm') return type
  const message = `Invalid value: '${type}'. The simulated vendor has 'audio/pcmu' and 'audio/pcm'.`
  throw new ClientError('invalid_value', message, `session.audio.${side}.format.type`)
}

function transcriptionOf(wished: { model: string; language?: unknown } | null) {
  if (wished === null || TRANSCRIPTION_MODELS.includes(wished.model)) return wished
  throw new ClientError(
    'invalid_value',
    `Invalid value: '${wished.model}'. The model does not transcribe.`,
    'session.audio.input.transcription.model',
  )
}

type WishedDetection = NonNullable<
  NonNullable<NonNullable<SessionUpdate['audio']>['input']>['turn_detection']
>

function turnDetectionOf(wished: WishedDetection | null): TurnDetection | null {
  if (wished === null) return null
  const vad = wished.type === 'server_vad' ? wished : null
  return {
    type: wished.type,
    prefixPaddingMs: vad?.prefix_padding_ms ?? 300,
    silenceDurationMs: vad?.silence_duration_ms ?? 500,
    createsResponse: wished.create_response ?? true,
    interruptsResponse: wished.interrupt_response ?? true,
  }
}

/** As `session.created` and `session.updated` show it. */
export function shown(settings: SessionSettings, session: { id: string; model: string; expiresAt: number }) {
  const { instructions, voice, inputFormat, outputFormat, transcription, tools } = settings
  return {
    type: 'realtime',
    object: 'realtime.session',
    id: session.id,
    model: session.model,
    output_modalities: ['audio'],
    instructions,
    tools,
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    truncation: 'auto',
    expires_at: session.expiresAt,
    audio: {
      input: {
        format: shownFormat(inputFormat),
        transcription,
        noise_reduction: null,
        turn_detection: shownDetection(settings.turnDetection),
      },
      output: { format: shownFormat(outputFormat), voice, speed: 1 },
    },
  }
}

const shownFormat = (type: Format) => (type === 'audio/pcm' ? { type, rate: PCM_RATE } : { type })

const shownDetection = (detection: TurnDetection | null) =>
  detection && {
    type: detection.type,
    threshold: 0.5,
    idle_timeout_ms: null,
    prefix_padding_ms: detection.prefixPaddingMs,
    silence_duration_ms: detection.silenceDurationMs,
    create_response: detection.createsResponse,
    interrupt_response: detection.interruptsResponse,
  }

/** Samples at 8 kHz of what the client has sent. */
export function decodeInput(bytes: Buffer, format: Format): Int16Array {
  if (format === 'audio/pcmu') return decodeMuLaw(bytes)
  const samples = Int16Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readInt16LE(index * 2))
  return Resampler.whole(samples, PCM_RATE)
}

/** Speech, as mu-law at 8 kHz, as the client wants it. */
export function encodeOutput(muLaw: Buffer, format: Format): Buffer {
  if (format === 'audio/pcmu') return muLaw
  const samples = Resampler.whole(decodeMuLaw(muLaw), MU_LAW_RATE, PCM_RATE)
  const bytes = Buffer.alloc(samples.length * 2)
  samples.forEach((sample, index) => {
    bytes.writeInt16LE(sample, index * 2)
  })
  return bytes
}
