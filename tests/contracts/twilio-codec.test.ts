import { TwilioMediaStream } from '../../src/telephony/twilio/media-stream.ts'
import { codecContract, type Played, type Wire } from './codec-contract.ts'

const streamSid = 'MZ18ad3ab5a668481ce02b83e7395059f0'

const text = (message: object): Wire => [Buffer.from(JSON.stringify(message)), false]
const on = (event: string, fields: object = {}) => text({ event, sequenceNumber: '1', ...fields, streamSid })

codecContract('Twilio Media Streams', () => ({
  codec: new TwilioMediaStream(),
  start: ({ providerCallId, token }) =>
    on('start', {
      start: {
        accountSid: 'AC0',
        streamSid,
        callSid: providerCallId,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: { token },
      },
    }),
  audio: (payload) =>
    on('media', { media: { track: 'inbound', chunk: '1', timestamp: '20', payload: payload.toString() } }),
  key: (digit) => on('dtmf', { dtmf: { track: 'inbound_track', digit } }),
  mark: (name) => on('mark', { mark: { name } }),
  stop: () => on('stop', { stop: { accountSid: 'AC0' } }),
  play(message, isBinary): Played {
    const { event, streamSid: sid, media, mark } = JSON.parse(message.toString())
    if (isBinary || sid !== streamSid) throw new Error('Twilio does not know this stream.')
    if (event === 'media') return { kind: 'media', payload: Buffer.from(media.payload) }
    return event === 'mark' ? { kind: 'mark', name: mark.name } : { kind: event }
  },
}))
