import { muLawFromWav } from '../../audio/mulaw-from-wav.ts'
import { WavError } from '../../audio/wav.ts'
import { CallError } from './call-error.ts'
import { exchange, type HttpAnswer } from './http-client.ts'

/** Twilio's list has more kinds (MP3, AIFF, GSM); these are the ones that need no decoder. */
const WAV_TYPES = new Set(['audio/wav', 'audio/wave', 'audio/x-wav', 'audio/vnd.wave'])
const MU_LAW_TYPES = new Set(['audio/ulaw', 'audio/basic'])
const UNDECODED_TYPES = new Set([
  'audio/mpeg',
  'audio/aiff',
  'audio/x-aifc',
  'audio/x-aiff',
  'audio/gsm',
  'audio/x-gsm',
])

const FETCH_TIMEOUT_MS = 15_000
/** Half an hour of mu-law; more in one <Play> is a mistake. */
const MAX_AUDIO_BYTES = 16 * 1024 * 1024
const MAX_REDIRECTS = 5

/** The file is of a kind that Twilio plays and this carrier does not decode. */
export class NotDecoded extends CallError {}

/** Fetches what <Play> names, as mu-law. Rejects with CallError: 11200 not fetched, 12300 no sound that it knows. */
export async function fetchPlayAudio(url: string, stopped: AbortSignal): Promise<Buffer> {
  const { headers, body } = await fetchFollowing(url, stopped, MAX_REDIRECTS)
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (WAV_TYPES.has(type)) return fromWav(url, body)
  // Raw mu-law has no header; a whole WAV file under this name would begin with a crackle.
  if (MU_LAW_TYPES.has(type)) return body.toString('latin1', 0, 4) === 'RIFF' ? fromWav(url, body) : body
  if (UNDECODED_TYPES.has(type))
    throw new NotDecoded(null, `${url}: this simulated carrier does not decode ${type}.`)
  throw new CallError(12300, `${url}: <Play> needs audio, and this is "${type}".`)
}

async function fetchFollowing(url: string, stopped: AbortSignal, redirects: number): Promise<HttpAnswer> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
  const answer = await exchange({ url, method: 'GET', signal, maxBytes: MAX_AUDIO_BYTES }).catch((error) => {
    throw new CallError(11200, `${url}: ${error.message}`, { cause: error })
  })
  const { location } = answer.headers
  if (answer.status >= 300 && answer.status < 400 && location && redirects > 0)
    return fetchFollowing(new URL(location, url).href, stopped, redirects - 1)
  if (answer.status !== 200) throw new CallError(11200, `${url}: HTTP ${answer.status}`)
  return answer
}

function fromWav(url: string, body: Buffer): Buffer {
  try {
    return muLawFromWav(body)
  } catch (error) {
    if (error instanceof WavError) throw new CallError(12300, `${url}: ${error.message}`, { cause: error })
    throw error
  }
}
