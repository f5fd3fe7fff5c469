import { bytesPerMs, type WireAudio } from '../../audio/audio-format.ts'
import type { CarrierCodec, CarrierMessage } from '../../media/carrier-port.ts'
import { OVER_MESSAGE, readStreamText, type StreamStart } from './stream-metadata.ts'

/*
 * The WebSocket of FreeSWITCH's mod_audio_fork: L16 in both directions as binary messages of any length, all else as text.
 * FreeSWITCH resamples between the caller's line and the rates that the fork was started with.
 */

/** The module plays in pieces of 40 ms and keeps up to 80 ms back until more comes: twice that brings out the last word. */
const HELD_BACK_MS = 160

const KILL_AUDIO = Buffer.from('{"type":"killAudio"}')
const IGNORED: CarrierMessage = { kind: 'other' }

/** The codec of one fork; it keeps how audio comes and goes back, which the fork says when it begins. */
export class ForkStream implements CarrierCodec {
  inboundFormat: WireAudio = { encoding: 'l16', rate: 8000, wire: 'bytes' }
  outboundFormat: WireAudio = this.inboundFormat
  readonly hangUp = OVER_MESSAGE
  #isStarted = false

  get sendsBinary(): boolean {
    return this.outboundFormat.wire === 'bytes'
  }

  /** A file is played to its end, so only a stream has to be brought to it. */
  get flush(): Buffer | null {
    return this.sendsBinary ? Buffer.alloc(HELD_BACK_MS * bytesPerMs(this.outboundFormat)) : null
  }

  read(message: Buffer, isBinary: boolean): CarrierMessage {
    if (!isBinary) return this.#readText(message.toString())
    if (!this.#isStarted) return invalid('audio before its metadata')
    // The module says by an empty message that no more will come, and closes a little later.
    if (message.length === 0) return IGNORED
    if (message.length % 2 !== 0) return invalid('half a sample')
    return { kind: 'media', payload: message }
  }

  media(payload: Buffer): Buffer {
    return this.sendsBinary ? payload : playAudio(payload, this.outboundFormat.rate)
  }

  clear(): Buffer {
    return KILL_AUDIO
  }

  /** The modules in use tell nothing of what was played, or wrongly: it is reckoned from the clock. */
  mark(): null {
    return null
  }

  #readText(text: string): CarrierMessage {
    const said = readStreamText(text)
    if (said === null) return this.#isStarted ? IGNORED : invalid('metadata that is not ours')
    if ('digit' in said) return { kind: 'dtmf', digit: said.digit }
    if ('isOnHold' in said) return { kind: 'hold', isOnHold: said.isOnHold }
    if (this.#isStarted) return invalid('metadata twice')
    return this.#begin(said.start)
  }

  #begin({ providerCallId, token, audio, rates }: StreamStart): CarrierMessage {
    this.#isStarted = true
    this.inboundFormat = { encoding: 'l16', rate: rates.caller, wire: 'bytes' }
    // A file's content is part of a message in JSON.
    this.outboundFormat = {
      encoding: 'l16',
      rate: rates.agent,
      wire: audio === 'stream' ? 'bytes' : 'base64',
    }
    return { kind: 'start', providerCallId, token }
  }
}

/** The module writes it to a file and says its name over the event socket; whoever holds the leg has it played. */
function playAudio(base64: Buffer, sampleRate: number): Buffer {
  const head = `{"type":"playAudio","data":{"audioContentType":"raw","sampleRate":${sampleRate},"audioContent":"`
  return Buffer.concat([Buffer.from(head), base64, PLAY_AUDIO_TAIL])
}

const PLAY_AUDIO_TAIL = Buffer.from('"}}')

const invalid = (why: string): CarrierMessage => ({ kind: 'invalid', why })
