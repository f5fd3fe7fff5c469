import { z } from 'zod'
import type { VendorFailure, VoiceSample, VoiceVendor } from '../../voices/ports.ts'
import { VendorError } from '../../voices/ports.ts'
import { isUnknownVoice, refusal, vendorError } from './errors.ts'
import { type Multipart, multipart } from './multipart.ts'

/** Uploading and cloning a hundred megabytes of samples; whoever waits for a clone has less patience. */
const CLONE_MS = 90_000
const SPEECH_MS = 30_000
const QUESTION_MS = 10_000
/** A caller is listening to silence meanwhile. */
const SIGNED_URL_MS = 5_000
/** What the greeting is worth in memory: ten minutes of it. */
const MAX_SPEECH_BYTES = 10 * 60 * 8_000
/** An account's hundred voices are far below; what is larger is no answer of this API. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const TTS_MODEL = 'eleven_flash_v2_5'
/** The most that the vendor puts on a page; a name is in use a few times at most. */
const PAGE_SIZE = 100

const Cloned = z.object({ voice_id: z.string().min(1) })
const Found = z.object({ voices: z.array(z.object({ voice_id: z.string(), name: z.string().nullish() })) })
const Signed = z.object({ signed_url: z.url({ protocol: /^wss?$/ }) })

export type ElevenLabsAccount = { apiKey: string; baseUrl: string }

type Request = { method: 'GET' | 'POST' | 'DELETE'; path: string; body?: Multipart | string; limitMs: number }

/**
 * The few requests that this service makes of ElevenLabs' REST API. Not through its SDK, which takes over a second and
 * 160 MB to load, repeats even a POST that failed, and refuses a whole answer over one field of a new kind.
 */
export class ElevenLabsRest implements VoiceVendor {
  readonly #account: ElevenLabsAccount

  constructor(account: ElevenLabsAccount) {
    this.#account = account
  }

  async clone({ name, samples, signal }: { name: string; samples: VoiceSample[]; signal?: AbortSignal }) {
    const files = samples.map((sample) => ({ ...sample, field: 'files' }))
    const body = multipart({ name }, files)
    const request = { method: 'POST', path: '/v1/voices/add', body, limitMs: CLONE_MS } as const
    try {
      return { voiceId: (await this.#json(Cloned, request, signal)).voice_id }
    } catch (error) {
      throw body.unread() ?? error
    }
  }

  async findByName(name: string, signal?: AbortSignal): Promise<string[]> {
    const query = new URLSearchParams({ search: name, page_size: `${PAGE_SIZE}` })
    const request = { method: 'GET', path: `/v2/voices?${query}`, limitMs: QUESTION_MS } as const
    const { voices } = await this.#json(Found, request, signal)
    return voices.filter((voice) => voice.name === name).map((voice) => voice.voice_id)
  }

  async remove(voiceId: string, signal?: AbortSignal): Promise<void> {
    const path = `/v1/voices/${encodeURIComponent(voiceId)}`
    try {
      await this.#ask({ method: 'DELETE', path, limitMs: QUESTION_MS }, signal, (answer) =>
        answer.body?.cancel(),
      )
    } catch (error) {
      if (!isUnknownVoice(error)) throw error
    }
  }

  speak({ voiceId, text, signal }: { voiceId: string; text: string; signal?: AbortSignal }): Promise<Buffer> {
    const path = `/v1/text-to-speech/${encodeURIComponent(voiceId)}?output_format=ulaw_8000`
    const body = JSON.stringify({ text, model_id: TTS_MODEL })
    return this.#ask({ method: 'POST', path, body, limitMs: SPEECH_MS }, signal, async (answer) => {
      if (isText(answer.headers)) {
        await answer.body?.cancel()
        throw new VendorError('unavailable', 'ElevenLabs answered text where speech was asked for.')
      }
      const speech = await collect(answer, MAX_SPEECH_BYTES)
      if (speech.length === 0) throw new VendorError('unavailable', 'The speech is empty.')
      return speech
    })
  }

  /**
   * Whether the API answers and takes the key: `ok`, or what is wrong in a few words. Asked for one voice, it costs nothing;
   * any answer but a refusal of the key will do.
   */
  async check(signal?: AbortSignal): Promise<string> {
    const request = { method: 'GET', path: '/v2/voices?page_size=1', limitMs: QUESTION_MS } as const
    try {
      await this.#ask(request, signal, (answer) => answer.body?.cancel())
      return 'ok'
    } catch (error) {
      return TROUBLE[(error as VendorError).failure] ?? 'ok'
    }
  }

  /** The address of one new conversation, good for a quarter of an hour. Rejects with VendorError. */
  async signedUrl(agentId: string, signal?: AbortSignal): Promise<string> {
    const query = new URLSearchParams({ agent_id: agentId })
    const path = `/v1/convai/conversation/get-signed-url?${query}`
    return (await this.#json(Signed, { method: 'GET', path, limitMs: SIGNED_URL_MS }, signal)).signed_url
  }

  #json<Schema extends z.ZodType>(
    schema: Schema,
    request: Request,
    signal?: AbortSignal,
  ): Promise<z.output<Schema>> {
    return this.#ask(request, signal, async (answer) => {
      const parsed = schema.safeParse(parse(await collect(answer, MAX_ANSWER_BYTES)))
      if (parsed.success) return parsed.data
      throw new VendorError(
        'unavailable',
        `ElevenLabs answered ${request.path.split('?')[0]} with something else.`,
      )
    })
  }

  /** `limitMs` covers the whole, to the last byte that `read` reads. Rejects with VendorError alone. */
  async #ask<Result>(
    { method, path, body, limitMs }: Request,
    signal: AbortSignal | undefined,
    read: (answer: Response) => Promise<Result> | Result,
  ): Promise<Result> {
    const { apiKey, baseUrl } = this.#account
    const limit = AbortSignal.timeout(limitMs)
    const over = signal ? AbortSignal.any([limit, signal]) : limit
    const headers = {
      'xi-api-key': apiKey,
      ...(typeof body === 'string' ? { 'content-type': 'application/json' } : body?.headers),
    }
    try {
      // Given a stream and a signal that has aborted, Node's fetch also rejects where nobody can catch it.
      over.throwIfAborted()
      const answer = await fetch(baseUrl.replace(/\/$/, '') + path, {
        ...{ method, headers },
        ...(typeof body === 'string' ? { body } : body && { body: body.body, duplex: 'half' }),
        // Wherever a redirection leads, the key and callers' samples must not go there.
        redirect: 'manual',
        signal: over,
      })
      if (!answer.ok) throw refusal(answer, parse(await collect(answer, MAX_ANSWER_BYTES)))
      return await read(answer)
    } catch (error) {
      throw limit.aborted ? tooLate(limitMs, error) : vendorError(error)
    }
  }
}

/** Refusals that say something of the account; any other says that the vendor is there. */
const TROUBLE: Partial<Record<VendorFailure, string>> = {
  unauthorized: 'key refused',
  quota_exceeded: 'quota used up',
  rate_limited: 'rate limited',
  unavailable: 'unreachable',
}

const tooLate = (limitMs: number, cause: unknown) =>
  new VendorError('unavailable', `ElevenLabs gave no answer within ${limitMs / 1000} s.`, { cause })

/** What a proxy in front of the vendor says with status 200 must not be played to callers. */
const isText = (headers: Headers) => /^(text\/|application\/json)/.test(headers.get('content-type') ?? '')

async function collect(answer: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes)
      throw new VendorError('unavailable', `ElevenLabs answered more than ${maxBytes} bytes.`)
  }
  return Buffer.concat(chunks)
}

/** Null for what is not JSON, such as a proxy's web page. */
function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return null
  }
}
