import type { WireAudio } from '../audio/audio-format.ts'

/*
 * What the relay asks of a carrier's media stream: how its messages are read and written. The socket is the relay's own.
 * tests/contracts/codec-contract.ts holds each carrier's codec to it.
 */

/** What the carrier says over its media socket, free of its wire form. */
export type CarrierMessage =
  /** Sound of the caller, in order, written as `inboundFormat` says, in whole samples; a view into the message where it can be one. */
  | { kind: 'media'; payload: Buffer }
  /** Comes once, before all audio. */
  | { kind: 'start'; providerCallId: string; token: string | null }
  | { kind: 'mark'; name: string }
  /** One key: a digit, `*`, `#` or `A` to `D`. */
  | { kind: 'dtmf'; digit: string }
  /** The caller has put the call on hold, and may send nothing until they take it up again. */
  | { kind: 'hold'; isOnHold: boolean }
  | { kind: 'stop' }
  /** Nothing to do with it, and nothing wrong with it. */
  | { kind: 'other' }
  /** Not a message that this carrier sends; `why` says what is wrong in a few words. */
  | { kind: 'invalid'; why: string }

/**
 * Bytes to messages and back for one carrier stream; remembers what its wire form needs (Twilio's streamSid), nothing else. What is
 * written is asked for only after `start` was read, and may be refused before it by throwing.
 */
export interface CarrierCodec {
  /** How the caller's audio is written in `media` messages. Like `outboundFormat`, it is fixed once `start` was read. */
  readonly inboundFormat: WireAudio
  /** How audio must be written that is given to `media`. */
  readonly outboundFormat: WireAudio
  /** Never throws, and keeps nothing of the message, however large it is. */
  read(message: Buffer, isBinary: boolean): CarrierMessage
  /** A message that has the carrier play this after all that it was sent before. */
  media(payload: Buffer): Buffer
  /** Empties what the carrier has buffered but not yet played. */
  clear(): Buffer
  /** Comes back from the carrier when all audio sent before it has been played or cleared; null where a carrier has no such thing. */
  mark(name: string): Buffer | null
  /** Whether audio goes out as binary messages; everything else is text on every carrier. */
  readonly sendsBinary?: boolean
  /** Audio that brings out the last of what the carrier holds back; it is sent whenever the agent has paused. */
  readonly flush?: Buffer | null
  /** Has the carrier end the leg, where a stream can do that. */
  readonly hangUp?: Buffer
}
