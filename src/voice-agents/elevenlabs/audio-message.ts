import { hasBytesAt, isBase64 } from '../../audio/base64.ts'
import { parseJson } from './parse-json.ts'

/*
 * Audio is nearly all that goes over the agent's socket: its payload is cut out of the message as a view, or spliced into
 * one, and only the few bytes around it are parsed.
 */

/** `payload`: base64 as ASCII bytes, a view into the message wherever that is possible. */
export type AudioMessage = { kind: 'audio'; payload: Buffer; eventId: number }

const AUDIO_KEY = Buffer.from('"audio_base_64"')
const AUDIO_KEY_NAME = 'audio_base_64'
const QUOTE = 0x22
const COLON = 0x3a

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

/**
 * The audio event of one message by itself.
 *
 * The payload is taken out and what remains is parsed. That this finds the right string follows from three checks:
 * nothing is escaped in what remains, so the key can be spelled in one way only; it occurs once; and the parsed event
 * has the emptied string just there.
 */
function cutAudio(message: Buffer): AudioMessage | null {
  const key = message.indexOf(AUDIO_KEY)
  if (key < 0) return null
  const start = stringAfterColon(message, key + AUDIO_KEY.length)
  const end = start < 0 ? -1 : message.indexOf(QUOTE, start)
  if (end < 0) return null
  // Latin-1 keeps every byte a character: text in an alignment may look odd, which nobody reads.
  const rest = message.toString('latin1', 0, start) + message.toString('latin1', end)
  if (rest.includes('\\') || rest.includes(AUDIO_KEY_NAME, start)) return null
  const eventId = emptiedAudioEventId(rest)
  const payload = message.subarray(start, end)
  return eventId === null || !isBase64(payload) ? null : { kind: 'audio', payload, eventId }
}

/** Where the string begins that follows a key's colon, behind its quote; -1 when something else follows. */
function stringAfterColon(message: Buffer, from: number): number {
  let at = skipSpace(message, from)
  if (message[at] !== COLON) return -1
  at = skipSpace(message, at + 1)
  return message[at] === QUOTE ? at + 1 : -1
}

function skipSpace(message: Buffer, from: number): number {
  let at = from
  for (let byte = message[at]; byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; )
    byte = message[++at]
  return at
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
export function callerAudio(payload: Buffer): Buffer {
  const tailAt = CALLER_AUDIO_HEAD.length + payload.length
  const message = Buffer.allocUnsafe(tailAt + CALLER_AUDIO_TAIL.length)
  message.set(CALLER_AUDIO_HEAD)
  message.set(payload, CALLER_AUDIO_HEAD.length)
  message.set(CALLER_AUDIO_TAIL, tailAt)
  return message
}
