import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { unreachableBecause } from './network-failure.ts'

/** For the handshake, and then for the service to look at the token that is not there. */
const LIMIT_MS = 12_000

export type StreamEnd =
  | { kind: 'closed'; code: number }
  /** The upgrade was answered with this HTTP status. */
  | { kind: 'refused'; status: number }
  | { kind: 'unreachable'; why: string }
  /** It opened, and stayed open. */
  | { kind: 'silent' }

/**
 * Opens a media stream as Twilio does, https://www.twilio.com/docs/voice/media-streams/websocket-messages, for a call
 * that nobody has and without a token, and says how it ended. Never rejects.
 */
export function openTrialStream(url: string, signature: string): Promise<StreamEnd> {
  const socket = new WebSocket(url, {
    headers: { 'X-Twilio-Signature': signature },
    handshakeTimeout: LIMIT_MS,
    perMessageDeflate: false,
  })
  return new Promise<StreamEnd>((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'silent' }), LIMIT_MS)
    const end = (how: StreamEnd) => {
      clearTimeout(timer)
      resolve(how)
    }
    socket.once('open', () => {
      for (const message of firstMessages()) socket.send(JSON.stringify(message))
    })
    socket.once('close', (code) => end({ kind: 'closed', code }))
    socket.once('unexpected-response', (_request, { statusCode }) =>
      end({ kind: 'refused', status: statusCode ?? 0 }),
    )
    socket.on('error', (error) => end({ kind: 'unreachable', why: unreachableBecause(error) }))
  }).finally(() => socket.terminate())
}

function firstMessages(): object[] {
  const sid = (prefix: string) => prefix + randomBytes(16).toString('hex')
  const streamSid = sid('MZ')
  const start = {
    streamSid,
    accountSid: sid('AC'),
    callSid: sid('CA'),
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: {},
  }
  return [
    { event: 'connected', protocol: 'Call', version: '1.0.0' },
    { event: 'start', sequenceNumber: '1', streamSid, start },
  ]
}
