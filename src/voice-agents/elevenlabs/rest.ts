import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js'
import type { VoiceSample, VoiceVendor } from '../../voices/ports.ts'
import { VendorError } from '../../voices/ports.ts'
import { vendorError } from './errors.ts'

/** A clone is bounded by its caller; this only bounds what nobody else does. */
const TIMEOUT_SECONDS = 90
const SIGNED_URL_SECONDS = 5
/** What the greeting is worth in memory: ten minutes of it. */
const MAX_SPEECH_BYTES = 10 * 60 * 8_000
const TTS_MODEL = 'eleven_flash_v2_5'

export type ElevenLabsAccount = { apiKey: string; baseUrl: string }

/**
 * ElevenLabs' REST API. The SDK repeats even a POST that failed, which would leave voices behind that nobody knows of,
 * so it is told not to: whoever calls decides what may be repeated.
 */
export class ElevenLabsRest implements VoiceVendor {
  readonly #client: ElevenLabsClient

  constructor({ apiKey, baseUrl }: ElevenLabsAccount) {
    this.#client = new ElevenLabsClient({ apiKey, baseUrl, maxRetries: 0, timeoutInSeconds: TIMEOUT_SECONDS })
  }

  clone({ name, samples, signal }: { name: string; samples: VoiceSample[]; signal?: AbortSignal }) {
    const files = samples.map(
      ({ bytes, fileName, mimeType }) => new File([new Uint8Array(bytes)], fileName, { type: mimeType }),
    )
    return asking(async () => {
      const { voiceId } = await this.#client.voices.ivc.create({ name, files }, { abortSignal: signal })
      return { voiceId }
    })
  }

  findByName(name: string, signal?: AbortSignal): Promise<string | null> {
    return asking(async () => {
      const found = await this.#client.voices.search({ search: name }, { abortSignal: signal })
      return found.voices.find((voice) => voice.name === name)?.voiceId ?? null
    })
  }

  remove(voiceId: string, signal?: AbortSignal): Promise<void> {
    return asking(async () => {
      await this.#client.voices.delete(voiceId, { abortSignal: signal })
    }).catch((error: unknown) => {
      if (!isUnknownVoice(error)) throw error
    })
  }

  speak({ voiceId, text, signal }: { voiceId: string; text: string; signal?: AbortSignal }): Promise<Buffer> {
    return asking(async () => {
      const request = { text, modelId: TTS_MODEL, outputFormat: 'ulaw_8000' } as const
      return collect(await this.#client.textToSpeech.convert(voiceId, request, { abortSignal: signal }))
    })
  }

  /** The address of one new conversation, good for a quarter of an hour. Rejects with VendorError. */
  signedUrl(agentId: string, signal?: AbortSignal): Promise<string> {
    const options = { abortSignal: signal, timeoutInSeconds: SIGNED_URL_SECONDS }
    return asking(async () => {
      const answer = await this.#client.conversationalAi.conversations.getSignedUrl({ agentId }, options)
      return answer.signedUrl
    })
  }
}

async function asking<Result>(request: () => Promise<Result>): Promise<Result> {
  try {
    return await request()
  } catch (error) {
    throw vendorError(error)
  }
}

/** An unknown voice is answered 404, by some endpoints 400 with the code voice_not_found or voice_does_not_exist. */
function isUnknownVoice(error: unknown): boolean {
  if (!(error instanceof VendorError)) return false
  const status = (error.cause as { statusCode?: number }).statusCode
  return status === 404 || (status === 400 && /voice_(not_found|does_not_exist)/.test(error.message))
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_SPEECH_BYTES)
      throw new VendorError('unavailable', 'The speech is longer than ten minutes.')
  }
  if (size === 0) throw new VendorError('unavailable', 'The speech is empty.')
  return Buffer.concat(chunks)
}
