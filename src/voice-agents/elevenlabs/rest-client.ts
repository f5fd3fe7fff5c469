import type { z } from 'zod'
import { VendorError } from '../../voices/ports.ts'
import { refusal, vendorError } from './errors.ts'
import type { Multipart } from './multipart.ts'

/** An account's hundred voices are far below; what is larger is no answer of this API. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

export type ElevenLabsAccount = { apiKey: string; baseUrl: string }

export type ElevenLabsRequest = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  /** A text is JSON. */
  body?: Multipart | string
  /** For the whole, to the last byte of the answer that is read. */
  limitMs: number
  signal?: AbortSignal
}

/**
 * Requests of ElevenLabs' REST API, each made once: whether one is worth repeating, whoever asks knows. Not through the
 * vendor's SDK, which takes over a second and 160 MB to load, repeats even a POST that failed, and refuses a whole answer over
 * one field of a new kind. All methods reject with VendorError alone: an ElevenLabsRefusal where the answer is not 2xx, else
 * with what went wrong as the cause.
 */
export class ElevenLabsClient {
  readonly #account: ElevenLabsAccount

  constructor(account: ElevenLabsAccount) {
    this.#account = account
  }

  /** Makes a request whose answer says nothing but that it was done. */
  async send(request: ElevenLabsRequest): Promise<void> {
    await this.#ask(request, (answer) => answer.body?.cancel())
  }

  json<Schema extends z.ZodType>(schema: Schema, request: ElevenLabsRequest): Promise<z.output<Schema>> {
    return this.#ask(request, async (answer) => {
      const parsed = schema.safeParse(parse(await collect(answer, MAX_ANSWER_BYTES)))
      if (parsed.success) return parsed.data
      const field = parsed.error.issues[0]?.path.join('.') || 'the whole answer'
      const path = request.path.split('?')[0]
      throw new VendorError('unavailable', `ElevenLabs answered ${path} in an unknown form (${field}).`)
    })
  }

  /** Sound of at most so many bytes, and of one at least. */
  audio(maxBytes: number, request: ElevenLabsRequest): Promise<Buffer> {
    return this.#ask(request, async (answer) => {
      if (isText(answer.headers)) {
        await answer.body?.cancel()
        throw new VendorError('unavailable', 'ElevenLabs answered text where speech was asked for.')
      }
      const audio = await collect(answer, maxBytes)
      if (audio.length === 0) throw new VendorError('unavailable', 'The speech is empty.')
      return audio
    })
  }

  async #ask<Result>(
    { method, path, body, limitMs, signal }: ElevenLabsRequest,
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
        method,
        headers,
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
