import { linearOfMuLaw, muLawOfLinear } from '../../audio/linear.ts'
import type { CarrierCodec, CarrierMessage } from '../../calls/ports.ts'
import { type AudioReturn, readStreamText } from './stream-metadata.ts'

/*
 * The WebSocket of FreeSWITCH's mod_audio_fork: L16 at 8 kHz in both directions as binary messages of any length, all else
 * as text. 8 kHz is what the telephone and the agent both speak, so nothing is resampled.
 */

/** L16 at 8 kHz: sixteen bytes a millisecond. */
const BYTES_PER_MS = 16

/** The module plays in pieces of 40 ms and keeps up to 80 ms back until more comes: twice that brings out the last word. */
const HELD_BACK_MS = 160

const SILENCE = Buffer.alloc(HELD_BACK_MS * BYTES_PER_MS)
const KILL_AUDIO = Buffer.from('{"type":"killAudio"}')
const IGNORED: CarrierMessage = { kind: 'other' }

/** The codec of one fork; it keeps how audio goes back, which the fork says when it begins. */
export class ForkStream implements CarrierCodec {
  #audio: AudioReturn | null = null

  get sendsBinary(): boolean {
    return this.#audio === 'stream'
  }

  /** A file is played to its end, so only a stream has to be brought to it. */
  get flush(): Buffer | null {
    return this.#audio === 'stream' ? SILENCE : null
  }

  read(message: Buffer, isBinary: boolean): CarrierMessage {
    if (!isBinary) return this.#readText(message.toString())
    if (this.#audio === null) return invalid('audio before its metadata')
    // The module says by an empty message that no more will come, and closes a little later.
    if (message.length === 0) return IGNORED
    if (message.length % 2 !== 0) return invalid('half a sample')
    return { kind: 'media', payload: Buffer.from(muLawOfLinear(message).toString('base64'), 'latin1') }
  }

  media(payload: Buffer): Buffer {
    const linear = linearOfMuLaw(Buffer.from(payload.toString('latin1'), 'base64'))
    return this.#audio === 'files' ? playAudio(linear) : linear
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
    if (said === null) return this.#audio === null ? invalid('metadata that is not ours') : IGNORED
    if ('digit' in said) return { kind: 'dtmf', digit: said.digit }
    if (this.#audio !== null) return invalid('metadata twice')
    const { providerCallId, token, audio } = said.start
    this.#audio = audio
    return { kind: 'start', providerCallId, token }
  }
}

/** The module writes it to a file and says its name over the event socket; whoever holds the leg has it played. */
function playAudio(linear: Buffer): Buffer {
  const data = { audioContentType: 'raw', sampleRate: 8000, audioContent: linear.toString('base64') }
  return Buffer.from(JSON.stringify({ type: 'playAudio', data }))
}

const invalid = (why: string): CarrierMessage => ({ kind: 'invalid', why })
