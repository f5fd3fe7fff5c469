import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { decodeMuLaw, MU_LAW_RATE } from '../../audio/mulaw.ts'
import { Resampler } from '../../audio/resampler.ts'
import { speak } from '../assets/speech.ts'
import { encodeAudio, isAgentAudioFormat } from './audio-format.ts'
import { encodeMp3 } from './mp3.ts'
import { UnprocessableRequest, VendorError } from './vendor-error.ts'
import type { Workspace } from './workspace.ts'

/** From the request to the first byte; the vendor's fast models need about this. */
const SYNTHESIS_MS = 250
/** The vendor's limit for its multilingual model; half a minute of babble is rendered in a few milliseconds. */
const MAX_CHARACTERS = 10_000
const DEFAULT_FORMAT = 'mp3_44100_128'

const speechRequest = z.looseObject({ text: z.string().min(1), model_id: z.string().optional() })

const MP3_FORMATS: Record<string, [sampleRate: number, bitrate: 32 | 48 | 64 | 96 | 128 | 192]> = {
  mp3_22050_32: [22050, 32],
  mp3_24000_48: [24000, 48],
  mp3_44100_32: [44100, 32],
  mp3_44100_64: [44100, 64],
  mp3_44100_96: [44100, 96],
  mp3_44100_128: [44100, 128],
  mp3_44100_192: [44100, 192],
}

export function speechApi(workspace: Workspace): Router {
  const router = Router()
  router.post(
    ['/v1/text-to-speech/:voiceId', '/v1/text-to-speech/:voiceId/stream'],
    (request: Request<{ voiceId: string }>, response) => convert(workspace, request, response),
  )
  return router
}

async function convert(
  { faults, counts, clock, voices }: Workspace,
  request: Request<{ voiceId: string }>,
  response: Response,
): Promise<void> {
  counts.speech++
  if (faults.answerInstead('speech', response)) return
  const { voiceId } = voices.get(request.params.voiceId)
  const text = readText(request.body)
  const format = String(request.query.output_format ?? DEFAULT_FORMAT)
  const audio = await render(speak(text, voiceId), format)
  counts.speechCharacters += text.length
  await clock.wait(SYNTHESIS_MS)
  response.type(contentTypeOf(format)).set('character-cost', String(text.length)).send(audio)
}

function readText(body: unknown): string {
  const parsed = speechRequest.safeParse(body)
  if (!parsed.success) throw UnprocessableRequest.fromZod(parsed.error)
  const { text } = parsed.data
  if (text.length <= MAX_CHARACTERS) return text
  throw new VendorError(
    400,
    'max_character_limit_exceeded',
    `This request's text has ${text.length} characters and exceeds the character limit of ${MAX_CHARACTERS} characters.`,
    'text',
  )
}

async function render(muLaw: Buffer, format: string): Promise<Buffer> {
  if (isAgentAudioFormat(format)) return encodeAudio(muLaw, format)
  const mp3 = MP3_FORMATS[format]
  if (!mp3) throw new UnprocessableRequest([unknownFormat(format)])
  const [sampleRate, bitrate] = mp3
  return encodeMp3(Resampler.whole(decodeMuLaw(muLaw), MU_LAW_RATE, sampleRate), sampleRate, bitrate)
}

function unknownFormat(format: string) {
  const msg = `The simulated vendor renders pcm_*, ulaw_8000 and mp3_*, not ${format}.`
  return { loc: ['query', 'output_format'], msg, type: 'enum' }
}

function contentTypeOf(format: string): string {
  if (format.startsWith('mp3_')) return 'audio/mpeg'
  return format === 'ulaw_8000' ? 'audio/basic' : 'audio/pcm'
}
