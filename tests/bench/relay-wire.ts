/*
 * What goes over the sockets of the relay's bench. Each frame of 160 bytes of mu-law carries in its first twelve the
 * time at which it was sent and its number, so that whoever receives it knows its delay and whether one is missing.
 */

export const CALL_SID = 'CAc3e8e2d7b1f04d4f9d3f7c8a6b5e4d3c'
export const STREAM_SID = 'MZ18ad3ab5a668481ce02b83e7395059f0'
export const FRAME_MS = 20

const FRAME_BYTES = 160
const STAMP_BYTES = 12
const STAMP_CHARACTERS = (STAMP_BYTES / 3) * 4

const SPEECH = Buffer.from(Array.from({ length: FRAME_BYTES }, (_, index) => (index * 37) % 256))

export type Stamp = { sentAt: number; number: number }

/** A frame as base64. */
export function stampedFrame({ sentAt, number }: Stamp): string {
  SPEECH.writeDoubleBE(sentAt, 0)
  SPEECH.writeUInt32BE(number, 8)
  return SPEECH.toString('base64')
}

const PAYLOAD_KEYS = ['"payload":"', '"user_audio_chunk":"', '"audio_base_64":"'].map((key) =>
  Buffer.from(key),
)

/** The stamp of the frame in a message, whatever envelope it came in; null when there is no audio in it. */
export function stampOf(message: Buffer): Stamp | null {
  for (const key of PAYLOAD_KEYS) {
    const at = message.indexOf(key)
    if (at === -1) continue
    const start = at + key.length
    const stamp = Buffer.from(message.toString('latin1', start, start + STAMP_CHARACTERS), 'base64')
    return { sentAt: stamp.readDoubleBE(0), number: stamp.readUInt32BE(8) }
  }
  return null
}

/** As Twilio sends it. */
export const carrierMessage = (payload: string, number: number): string =>
  `{"event":"media","sequenceNumber":"${number + 2}","media":{"track":"inbound","chunk":"${number + 1}",` +
  `"timestamp":"${number * FRAME_MS}","payload":"${payload}"},"streamSid":"${STREAM_SID}"}`

/** ElevenLabs numbers what the agent says, not each frame of it. */
const FRAMES_PER_EVENT = 100

/** As ElevenLabs sends it. */
export const agentMessage = (payload: string, number: number): string =>
  `{"audio_event":{"audio_base_64":"${payload}","event_id":${Math.floor(number / FRAMES_PER_EVENT)}},"type":"audio"}`

export const START = JSON.stringify({
  event: 'start',
  sequenceNumber: '1',
  start: {
    accountSid: 'AC0',
    streamSid: STREAM_SID,
    callSid: CALL_SID,
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { token: 'bench' },
  },
  streamSid: STREAM_SID,
})

export const metadataOf = (format: string): string =>
  JSON.stringify({
    type: 'conversation_initiation_metadata',
    conversation_initiation_metadata_event: {
      conversation_id: 'conv_bench',
      agent_output_audio_format: format,
      user_input_audio_format: format,
    },
  })

export const METADATA = metadataOf('ulaw_8000')
