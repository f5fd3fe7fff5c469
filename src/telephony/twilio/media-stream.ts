import { TELEPHONE_AUDIO, type WireAudio } from '../../audio/audio-format.ts'
import type { CarrierCodec, CarrierMessage } from '../../media/carrier-port.ts'
import { isPayload, type MediaFrameLayout, mediaFrameLayouts } from './media-frame.ts'

/*
 * Twilio Media Streams, https://www.twilio.com/docs/voice/media-streams/websocket-messages: JSON text in both
 * directions, audio as base64 of mu-law 8 kHz mono. Audio passes as bytes; only the rare messages are parsed.
 */

/** Ids are spliced into outgoing bytes unescaped, so only what needs no escape is taken. */
const SAFE_ID = /^[\w-]{1,64}$/
/** How much of a stranger's words is repeated in `why`; it ends up in a close reason of at most 123 bytes. */
const QUOTED_CHARACTERS = 24

const IGNORED: CarrierMessage = { kind: 'other' }
const STOPPED: CarrierMessage = { kind: 'stop' }
const SUFFIX = Buffer.from('"}}')
const AUDIO: WireAudio = { ...TELEPHONE_AUDIO, wire: 'base64' }

type Fields = Record<string, unknown>

/** What is known of a stream once it has started. */
type Stream = { sid: string; layouts: readonly MediaFrameLayout[]; mediaPrefix: Buffer }

/** The codec of one Media Stream; it keeps the stream's id and nothing else. */
export class TwilioMediaStream implements CarrierCodec {
  readonly inboundFormat = AUDIO
  readonly outboundFormat = AUDIO
  #stream: Stream | null = null

  read(message: Buffer, isBinary: boolean): CarrierMessage {
    if (isBinary) return invalid('a binary frame, where Twilio sends text')
    if (this.#stream !== null) {
      for (const layout of this.#stream.layouts) {
        const payload = layout.payloadOf(message)
        if (payload !== null) return { kind: 'media', payload }
      }
    }
    return this.#parse(message)
  }

  /** Throws before the stream has started, since no carrier could tell what the audio belongs to. */
  media(payload: Buffer): Buffer {
    const { mediaPrefix } = this.#started()
    const message = Buffer.allocUnsafe(mediaPrefix.length + payload.length + SUFFIX.length)
    message.set(mediaPrefix, 0)
    message.set(payload, mediaPrefix.length)
    message.set(SUFFIX, mediaPrefix.length + payload.length)
    return message
  }

  clear(): Buffer {
    return Buffer.from(JSON.stringify({ event: 'clear', streamSid: this.#started().sid }))
  }

  mark(name: string): Buffer {
    return Buffer.from(JSON.stringify({ event: 'mark', streamSid: this.#started().sid, mark: { name } }))
  }

  #started(): Stream {
    if (this.#stream === null) throw new Error('Nothing can be sent to Twilio before its `start` message.')
    return this.#stream
  }

  #parse(message: Buffer): CarrierMessage {
    const fields = parseObject(message)
    if (fields === null) return invalid('not a JSON object')
    switch (fields.event) {
      case 'start':
        return this.#start(fields)
      case 'media':
        return this.#ifOurs(fields, mediaOf(fields.media))
      case 'mark':
        return this.#ifOurs(fields, markOf(fields.mark))
      case 'dtmf':
        return this.#ifOurs(fields, dtmfOf(fields.dtmf))
      case 'stop':
        return this.#ifOurs(fields, STOPPED)
      default:
        return typeof fields.event === 'string' ? IGNORED : invalid('no `event`')
    }
  }

  #start(fields: Fields): CarrierMessage {
    if (this.#stream !== null) return invalid('a second `start`')
    const { start } = fields
    if (!isObject(start)) return invalid('`start` without its fields')
    const { callSid, customParameters } = start
    const streamSid = start.streamSid ?? fields.streamSid
    if (!isSafeId(callSid)) return invalid('`start` without a callSid')
    if (!isSafeId(streamSid)) return invalid('`start` without a streamSid')
    if (fields.streamSid !== undefined && fields.streamSid !== streamSid)
      return invalid('two different streamSids')
    const wrongFormat = faultOfFormat(start.mediaFormat)
    if (wrongFormat !== null) return invalid(wrongFormat)

    const mediaPrefix = Buffer.from(`{"event":"media","streamSid":"${streamSid}","media":{"payload":"`)
    this.#stream = { sid: streamSid, layouts: mediaFrameLayouts(streamSid), mediaPrefix }
    const token = isObject(customParameters) ? customParameters.token : null
    return { kind: 'start', providerCallId: callSid, token: typeof token === 'string' ? token : null }
  }

  #ifOurs(fields: Fields, message: CarrierMessage): CarrierMessage {
    if (this.#stream === null) return invalid(`\`${fields.event}\` before \`start\``)
    // Twilio always says which stream it speaks of; some that speak its protocol do not.
    if (fields.streamSid === undefined || fields.streamSid === this.#stream.sid) return message
    return invalid('the streamSid of another stream')
  }
}

function mediaOf(media: unknown): CarrierMessage {
  if (!isObject(media)) return invalid('`media` without its fields')
  if (media.track !== 'inbound') return IGNORED
  if (typeof media.payload !== 'string') return invalid('`media` without a payload')
  const payload = Buffer.from(media.payload)
  return isPayload(payload, 0, payload.length)
    ? { kind: 'media', payload }
    : invalid('a payload that is not base64')
}

function markOf(mark: unknown): CarrierMessage {
  if (isObject(mark) && typeof mark.name === 'string') return { kind: 'mark', name: mark.name }
  return invalid('`mark` without a name')
}

function dtmfOf(dtmf: unknown): CarrierMessage {
  if (isObject(dtmf) && typeof dtmf.digit === 'string') return { kind: 'dtmf', digit: dtmf.digit }
  return invalid('`dtmf` without a digit')
}

/** Says what is wrong with a stream's audio format; null when it is the one that everything here carries. */
function faultOfFormat(format: unknown): string | null {
  if (!isObject(format)) return '`start` without a mediaFormat'
  const { encoding, sampleRate, channels } = format
  if (encoding === 'audio/x-mulaw' && Number(sampleRate) === 8000 && Number(channels) === 1) return null
  return `audio is ${quoted(encoding)} ${quoted(sampleRate)} x${quoted(channels)}, not audio/x-mulaw 8000 x1`
}

function parseObject(message: Buffer): Fields | null {
  try {
    const value: unknown = JSON.parse(message.toString())
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isSafeId = (value: unknown): value is string => typeof value === 'string' && SAFE_ID.test(value)

/** A stranger's words, cut to what fits; anything that is not a word or a number is only named. */
const quoted = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number'
    ? String(value)
        .replace(/[^\x20-\x7e]/g, '?')
        .slice(0, QUOTED_CHARACTERS)
    : typeof value

const invalid = (why: string): CarrierMessage => ({ kind: 'invalid', why })
