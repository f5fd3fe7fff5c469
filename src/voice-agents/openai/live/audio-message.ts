import { cutBase64, spliceBase64 } from '../../base64-member.ts'
import { parseJson } from '../../parse-json.ts'

/*
 * Audio is nearly all that goes over the socket: its payload is cut out of the message as a view, or spliced into one, and only
 * the few bytes around it are parsed.
 */

/** `payload`: base64 as ASCII bytes, a view into the message wherever that is possible. */
export type AudioMessage = { kind: 'audio'; payload: Buffer }

export const AUDIO_TYPE = 'session.output_audio.delta'

/** The audio event, if this is one in its usual spelling; null sends the message down the slow path, which judges it. */
export function cutAudio(message: Buffer): AudioMessage | null {
  const cut = cutBase64(message, 'delta')
  if (cut === null) return null
  const event = parseJson(cut.rest) as Record<string, unknown> | null
  if (event?.type !== AUDIO_TYPE || event.delta !== '') return null
  return { kind: 'audio', payload: cut.payload }
}

const SILENCE = 0xff
/** How base64 begins that begins with silence. */
const SLASH = 0x2f

/** Nothing but the silence of mu-law. */
export const isSilence = (payload: Buffer): boolean =>
  payload[0] === SLASH && Buffer.from(payload.toString('latin1'), 'base64').every((byte) => byte === SILENCE)

const CALLER_AUDIO_HEAD = Buffer.from('{"type":"session.input_audio.append","audio":"')
const CALLER_AUDIO_TAIL = Buffer.from('"}')

/** Caller audio for the agent. `payload`: base64 as ASCII bytes, copied as it is. */
export const callerAudio = (payload: Buffer): Buffer =>
  spliceBase64(CALLER_AUDIO_HEAD, payload, CALLER_AUDIO_TAIL)
