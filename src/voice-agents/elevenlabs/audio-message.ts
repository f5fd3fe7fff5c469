import { hasBytesAt, isBase64 } from '../../audio/base64.ts'
import { cutBase64, spliceBase64 } from '../base64-member.ts'
import { parseJson } from '../parse-json.ts'

/*
 * Audio is nearly all that goes over the agent's socket: its payload is cut out of the message as a view, or spliced into
 * one, and only the few bytes around it are parsed.
 */

/** `payload`: base64 as ASCII bytes, a view into the message wherever that is possible. */
export type AudioMessage = { kind: 'audio'; payload: Buffer; eventId: number }

const AUDIO_KEY_NAME = 'audio_base_64'

/**
 * Cuts the audio out of one agent's messages. They come in long runs that are alike but for their payload, so what
 * stood around the last one is kept: a message with the same bytes there, and base64 between them, says the same.
 */
export class AudioCutter {
  #head: Buffer = Buffer.alloc(0)
  #tail: Buffer = Buffer.alloc(0)
  #eventId: number | null = null

  /** The audio event, if this is one in its usual spelling; null sends the message down the slow path, which judges it. */
  cut(message: Buffer): AudioMessage | null {
    return this.#cutAlike(message) ?? this.#cutAnew(message)
  }

  #cutAlike(message: Buffer): AudioMessage | null {
    const start = this.#head.length
    const end = message.length - this.#tail.length
    if (this.#eventId === null || end < start) return null
    if (!hasBytesAt(message, 0, this.#head) || !hasBytesAt(message, end, this.#tail)) return null
    const payload = message.subarray(start, end)
    return isBase64(payload) ? { kind: 'audio', payload, eventId: this.#eventId } : null
  }

  #cutAnew(message: Buffer): AudioMessage | null {
    const audio = cutAudio(message)
    if (audio === null) return null
    const start = audio.payload.byteOffset - message.byteOffset
    this.#head = Buffer.from(message.subarray(0, start))
    this.#tail = Buffer.from(message.subarray(start + audio.payload.length))
    this.#eventId = audio.eventId
    return audio
  }
}

/** The audio event of one message by itself: the payload is taken out and what remains is parsed. */
function cutAudio(message: Buffer): AudioMessage | null {
  const cut = cutBase64(message, AUDIO_KEY_NAME)
  const eventId = cut && emptiedAudioEventId(cut.rest)
  return cut === null || eventId === null ? null : { kind: 'audio', payload: cut.payload, eventId }
}

function emptiedAudioEventId(text: string): number | null {
  const message = parseJson(text) as { type?: unknown; audio_event?: Record<string, unknown> | null } | null
  if (message?.type !== 'audio' || message.audio_event?.[AUDIO_KEY_NAME] !== '') return null
  const id = message.audio_event.event_id
  return typeof id === 'number' && Number.isFinite(id) ? id : null
}

const CALLER_AUDIO_HEAD = Buffer.from('{"user_audio_chunk":"')
const CALLER_AUDIO_TAIL = Buffer.from('"}')

/** Caller audio for the agent. `payload`: base64 as ASCII bytes, copied as it is. */
export const callerAudio = (payload: Buffer): Buffer =>
  spliceBase64(CALLER_AUDIO_HEAD, payload, CALLER_AUDIO_TAIL)
