import { z } from 'zod'
import type { VendorError, VendorFailure, VoiceSample, VoiceVendor } from '../../voices/ports.ts'
import { isUnknownVoice } from './errors.ts'
import { multipart } from './multipart.ts'
import { type ElevenLabsAccount, ElevenLabsClient } from './rest-client.ts'

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

const Cloned = z.object({ voice_id: z.string().min(1) })
const Found = z.object({ voices: z.array(z.object({ voice_id: z.string(), name: z.string().nullish() })) })
const Signed = z.object({ signed_url: z.url({ protocol: /^wss?$/ }) })

/** What the service asks of ElevenLabs besides conversations. */
export class ElevenLabsRest implements VoiceVendor {
  readonly #client: ElevenLabsClient

  constructor(account: ElevenLabsAccount) {
    this.#client = new ElevenLabsClient(account)
  }

  async clone({ name, samples, signal }: { name: string; samples: VoiceSample[]; signal?: AbortSignal }) {
    const files = samples.map((sample) => ({ ...sample, field: 'files' }))
    const body = multipart({ name }, files)
    const request = { method: 'POST', path: '/v1/voices/add', body, limitMs: CLONE_MS, signal } as const
    try {
      return { voiceId: (await this.#client.json(Cloned, request)).voice_id }
    } catch (error) {
      throw body.unread() ?? error
    }
  }

  async findByName(name: string, signal?: AbortSignal): Promise<string[]> {
    const query = new URLSearchParams({ search: name, page_size: `${PAGE_SIZE}` })
    const request = { method: 'GET', path: `/v2/voices?${query}`, limitMs: QUESTION_MS, signal } as const
    const { voices } = await this.#client.json(Found, request)
    return voices.filter((voice) => voice.name === name).map((voice) => voice.voice_id)
  }

  async remove(voiceId: string, signal?: AbortSignal): Promise<void> {
    const path = `/v1/voices/${encodeURIComponent(voiceId)}`
    try {
      await this.#client.send({ method: 'DELETE', path, limitMs: QUESTION_MS, signal })
    } catch (error) {
      if (!isUnknownVoice(error)) throw error
    }
  }

  speak({ voiceId, text, signal }: { voiceId: string; text: string; signal?: AbortSignal }): Promise<Buffer> {
    const path = `/v1/text-to-speech/${encodeURIComponent(voiceId)}?output_format=ulaw_8000`
    const body = JSON.stringify({ text, model_id: TTS_MODEL })
    return this.#client.audio(MAX_SPEECH_BYTES, { method: 'POST', path, body, limitMs: SPEECH_MS, signal })
  }

  /**
   * Whether the API answers and takes the key: `ok`, or what is wrong in a few words. Asked for one voice, it costs nothing;
   * any answer but a refusal of the key will do.
   */
  async check(signal?: AbortSignal): Promise<string> {
    try {
      await this.#client.send({ method: 'GET', path: '/v2/voices?page_size=1', limitMs: QUESTION_MS, signal })
      return 'ok'
    } catch (error) {
      return TROUBLE[(error as VendorError).failure] ?? 'ok'
    }
  }

  /** The address of one new conversation, good for a quarter of an hour. Rejects with VendorError. */
  async signedUrl(agentId: string, signal?: AbortSignal): Promise<string> {
    const query = new URLSearchParams({ agent_id: agentId })
    const path = `/v1/convai/conversation/get-signed-url?${query}`
    const request = { method: 'GET', path, limitMs: SIGNED_URL_MS, signal } as const
    return (await this.#client.json(Signed, request)).signed_url
  }
}

/** Refusals that say something of the account; any other says that the vendor is there. */
const TROUBLE: Partial<Record<VendorFailure, string>> = {
  unauthorized: 'key refused',
  quota_exceeded: 'quota used up',
  rate_limited: 'rate limited',
  unavailable: 'unreachable',
}
