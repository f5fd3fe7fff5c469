import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js'
import type { VoiceSample, VoiceVendor } from '../../voices/ports.ts'
import { VendorError } from '../../voices/ports.ts'
import { isUnknownVoice, vendorError } from './errors.ts'

/** Uploading and cloning a hundred megabytes of samples; whoever waits for a clone has less patience. */
const CLONE_MS = 90_000
const SPEECH_MS = 30_000
const QUESTION_MS = 10_000
/** A caller is listening to silence meanwhile. */
const SIGNED_URL_MS = 5_000
/** What the greeting is worth in memory: ten minutes of it. */
const MAX_SPEECH_BYTES = 10 * 60 * 8_000
const TTS_MODEL = 'eleven_flash_v2_5'
/** The most that the vendor puts on a page; a name is in use a few times at most. */
const PAGE_SIZE = 100

export type ElevenLabsAccount = { apiKey: string; baseUrl: string }

/**
 * ElevenLabs' REST API. The SDK repeats even a POST that failed, which would leave voices behind that nobody knows of,
 * so it is told not to: whoever calls decides what may be repeated. Its own time limit ends with the answer's first line,
 * so each request here has one that covers the whole.
 */
export class ElevenLabsRest implements VoiceVendor {
  readonly #client: ElevenLabsClient

  constructor({ apiKey, baseUrl }: ElevenLabsAccount) {
    this.#client = new ElevenLabsClient({ apiKey, baseUrl, maxRetries: 0, timeoutInSeconds: CLONE_MS / 500 })
  }

  clone({ name, samples, signal }: { name: string; samples: VoiceSample[]; signal?: AbortSignal }) {
    const files = samples.map(
      ({ bytes, fileName, mimeType }) => new File([new Uint8Array(bytes)], fileName, { type: mimeType }),
    )
    return asking(CLONE_MS, signal, async (options) => {
      const { voiceId } = await this.#client.voices.ivc.create({ name, files }, options)
      return { voiceId }
    })
  }

  findByName(name: string, signal?: AbortSignal): Promise<string[]> {
    return asking(QUESTION_MS, signal, async (options) => {
      const found = await this.#client.voices.search({ search: name, pageSize: PAGE_SIZE }, options)
      return found.voices.filter((voice) => voice.name === name).map((voice) => voice.voiceId)
    })
  }

  remove(voiceId: string, signal?: AbortSignal): Promise<void> {
    return asking(QUESTION_MS, signal, async (options) => {
      try {
        await this.#client.voices.delete(voiceId, options)
      } catch (error) {
        if (!isUnknownVoice(error)) throw error
      }
    })
  }

  speak({ voiceId, text, signal }: { voiceId: string; text: string; signal?: AbortSignal }): Promise<Buffer> {
    return asking(SPEECH_MS, signal, async (options) => {
      const request = { text, modelId: TTS_MODEL, outputFormat: 'ulaw_8000' } as const
      const answer = await this.#client.textToSpeech.convert(voiceId, request, options).withRawResponse()
      if (isText(answer.rawResponse.headers)) {
        await answer.data.cancel()
        throw new VendorError('unavailable', 'ElevenLabs answered text where speech was asked for.')
      }
      return collect(answer.data)
    })
  }

  /** The address of one new conversation, good for a quarter of an hour. Rejects with VendorError. */
  signedUrl(agentId: string, signal?: AbortSignal): Promise<string> {
    return asking(SIGNED_URL_MS, signal, async (options) => {
      const answer = await this.#client.conversationalAi.conversations.getSignedUrl({ agentId }, options)
      return answer.signedUrl
    })
  }
}

async function asking<Result>(
  limitMs: number,
  signal: AbortSignal | undefined,
  request: (options: { abortSignal: AbortSignal }) => Promise<Result>,
): Promise<Result> {
  const limit = AbortSignal.timeout(limitMs)
  try {
    return await request({ abortSignal: signal ? AbortSignal.any([limit, signal]) : limit })
  } catch (error) {
    if (!limit.aborted) throw vendorError(error)
    throw new VendorError('unavailable', `ElevenLabs gave no answer within ${limitMs / 1000} s.`, {
      cause: error,
    })
  }
}

/** What a proxy in front of the vendor says with status 200 must not be played to callers. */
const isText = (headers: Headers) => /^(text\/|application\/json)/.test(headers.get('content-type') ?? '')

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
