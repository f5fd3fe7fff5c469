import {
  answeringDirection,
  type Direction,
  isHeard,
  readSdp,
  type SimulatedEncryption,
  writeSdp,
} from '../sdp.ts'
import type { RtpSocket } from '../sip-network.ts'
import { ScriptedVoice } from './scripted-voice.ts'

const DEFAULT_CODECS = ['PCMU', 'PCMA', 'telephone-event'] as const

/** A phone's end of a call's audio: what it describes of it, and where it is sent. */
export class CallAudio implements RtpSocket {
  address: string
  readonly voice = new ScriptedVoice()
  direction: Direction = 'sendrecv'
  #codecs: readonly string[]
  #encryption: SimulatedEncryption
  #codec = 'PCMU'
  #target = ''
  #version = 1
  #isOpen = true

  constructor(
    address: string,
    codecs: readonly string[] = DEFAULT_CODECS,
    encryption: SimulatedEncryption = 'none',
  ) {
    this.address = address
    this.#codecs = codecs
    this.#encryption = encryption
  }

  get target(): string {
    return this.#target
  }

  get codec(): string {
    return this.#codec
  }

  get encryption(): SimulatedEncryption {
    return this.#encryption
  }

  /** The session as this end describes it. */
  get sdp(): string {
    const { address, direction, encryption } = this
    return writeSdp({
      address,
      codecs: this.#codecs,
      direction,
      encryption,
      version: this.#version,
      name: 'phone',
    })
  }

  /** The next description is of a changed session. */
  change(direction: Direction, codecs = this.#codecs): void {
    this.direction = direction
    this.#codecs = codecs
    this.#version++
  }

  /** Takes an answer of the other side. */
  takeAnswer(sdp: string): void {
    const answer = readSdp(sdp)
    if (!answer) return
    this.#target = answer.address
    this.#codec = answer.codecs[0] ?? this.#codec
    this.#encryption = answer.encryption
  }

  /** Takes an offer of the other side; what is described from then on answers it. */
  takeOffer(sdp: string): void {
    const offer = readSdp(sdp)
    if (!offer) return
    this.#target = offer.address
    this.#encryption = offer.encryption
    this.change(answeringDirection(offer.direction))
  }

  hear(frame: Int16Array): void {
    if (this.#isOpen && isHeard(this.direction)) this.voice.hear(frame)
  }

  nextFrame(): Int16Array | null {
    return this.#speaks ? this.voice.nextFrame() : null
  }

  nextDigit(): string | null {
    return this.#speaks ? this.voice.nextDigit() : null
  }

  /** Nothing is heard or said any more. */
  close(): void {
    this.#isOpen = false
  }

  get #speaks(): boolean {
    return this.#isOpen && this.direction === 'sendrecv'
  }
}
