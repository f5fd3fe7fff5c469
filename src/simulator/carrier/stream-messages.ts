import { z } from 'zod'
import { CallError } from './call-error.ts'

/*
 * The messages of a Media Stream in both directions. All numbers but those of the format are strings.
 * Source: twilio.com/docs/voice/media-streams/websocket-messages
 */

const streamSid = z.string()

const fromService = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('media'),
    streamSid,
    media: z.strictObject({ payload: z.base64().transform((text) => Buffer.from(text, 'base64')) }),
  }),
  z.strictObject({
    event: z.literal('mark'),
    streamSid,
    mark: z.strictObject({ name: z.string() }),
  }),
  z.strictObject({ event: z.literal('clear'), streamSid }),
])

export type ServiceMessage = z.output<typeof fromService>

/** Reads a message of the service. Throws CallError 31950 for a binary one, 31951 for anything that is not as documented. */
export function readServiceMessage(data: Buffer, isBinary: boolean, ownSid: string): ServiceMessage {
  if (isBinary) throw new CallError(31950, 'Binary messages are not part of the protocol; send JSON as text.')
  const { data: message, error } = fromService.safeParse(parseJson(data))
  if (!message)
    throw invalid(error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  if (message.streamSid !== ownSid)
    throw invalid(`the streamSid ${message.streamSid} is not this stream's, which is ${ownSid}.`)
  return message
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch (error) {
    throw invalid((error as Error).message)
  }
}

function invalid(why: string): CallError {
  return new CallError(31951, `Invalid stream message: ${why}`)
}

export type StreamStart = { accountSid: string; callSid: string; parameters: Record<string, string> }

/** Writes what Twilio sends over one stream, numbering it as it goes. */
export class StreamWriter {
  readonly #streamSid: string
  #sequence = 0
  #chunk = 0

  constructor(streamSid: string) {
    this.#streamSid = streamSid
  }

  connected(): string {
    return JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' })
  }

  start({ accountSid, callSid, parameters }: StreamStart): string {
    return this.#message('start', {
      start: {
        accountSid,
        streamSid: this.#streamSid,
        callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: parameters,
      },
    })
  }

  /** A frame of what the caller says, `timestampMs` after the stream's start. */
  media(frame: Buffer, timestampMs: number): string {
    this.#chunk++
    return this.#message('media', {
      media: {
        track: 'inbound',
        chunk: `${this.#chunk}`,
        timestamp: `${timestampMs}`,
        payload: frame.toString('base64'),
      },
    })
  }

  dtmf(digit: string): string {
    return this.#message('dtmf', { dtmf: { track: 'inbound_track', digit } })
  }

  mark(name: string): string {
    return this.#message('mark', { mark: { name } })
  }

  stop({ accountSid, callSid }: Omit<StreamStart, 'parameters'>): string {
    return this.#message('stop', { stop: { accountSid, callSid } })
  }

  #message(event: string, body: object): string {
    this.#sequence++
    return JSON.stringify({ event, sequenceNumber: `${this.#sequence}`, ...body, streamSid: this.#streamSid })
  }
}
