import type { CallEvent } from '../../machines/call-events.ts'
import type { CallView } from '../../machines/instructions.ts'
import type { WireAudio } from '../audio/audio-format.ts'

/*
 * What the rooms around a call promise each other. Adapters import these types and nothing else of ours;
 * main.ts joins the implementations.
 */

export type Provider = 'twilio' | 'sip'

/** Where a carrier finds the leg of one of our calls. */
export type LegAddress = {
  callId: string
  providerCallId: string
  /** The https (or http, in the demo) origin that the carrier reached us at; callback URLs are built on it. */
  publicOrigin: string
}

/** The carrier's side that can be told something. Every method may be called twice for the same thing. */
export interface Telephony {
  /** Makes the leg ask now what comes next. Rejects when the carrier will not; the leg's own poll still comes. */
  moveLeg(leg: LegAddress): Promise<void>
  /** Ends the leg. Resolves too when the carrier no longer knows it. */
  hangUp(leg: LegAddress): Promise<void>
}

/** How one voice agent is set up; a row of the `agent` table, or the default one made from the settings. */
export type AgentSettings = {
  id: string
  name: string
  backend: 'elevenlabs' | 'openai'
  /** The vendor's id of the agent; null means the one in the settings. */
  vendorAgentId: string | null
  /** The voice used when the caller has none of their own; null is the agent's own. */
  voiceId: string | null
  instructions: string | null
  firstMessage: string | null
  language: string | null
}

/** One thing said. `heard` is what the listener got to hear when the speaker was interrupted. */
export type Turn = {
  role: 'caller' | 'agent'
  text: string
  heard?: string
  interrupted: boolean
  at: Date
}

export type AgentRequest = {
  callId: string
  agent: AgentSettings
  /** The voice the agent shall speak in; null is the agent's own. */
  voiceId: string | null
  /** Empty at first; after a lost connection, what was said before it. */
  conversationSoFar: Turn[]
  from: string
  to: string
}

/** How an agent is set up to hear and to speak. */
export type AgentAudio = { hears: WireAudio; speaks: WireAudio }

/** What an agent's connection reports. After `ended` or `lost`, which comes exactly once, it reports nothing more. */
export interface AgentListener {
  /** The agent listens from now on. */
  ready(conversationId: string, audio: AgentAudio): void
  /** Speech to be played, written as `speaks` of `ready` says: a view into the vendor's own message. */
  audio(payload: Buffer): void
  /** The caller spoke over the agent: nothing that is queued may be heard any more. */
  interrupted(): void
  callerSaid(text: string): void
  agentSaid(text: string): void
  /** The agent was cut off: of its last words only these were spoken. */
  agentCorrected(original: string, spoken: string): void
  /** The agent closed the conversation of its own will. */
  ended(): void
  /** The connection could not be made, broke, or fell silent. `cause` is a short slug for logs and metrics. */
  lost(cause: string): void
}

/** One live conversation with a voice agent. */
export interface AgentConnection {
  /** Caller audio, written as `hears` of `ready` says. Dropped before that and after the end. */
  sendAudio(payload: Buffer): void
  /** What the caller has keyed in, such as `4711#`: it is theirs to be answered like a sentence. */
  pressed(keys: string): void
  /** Bytes accepted by `sendAudio` that the socket has not yet taken. */
  readonly bufferedBytes: number
  /** Closes once; no listener is called afterwards. */
  close(): void
}

export interface VoiceAgent {
  /** Starts to connect and returns at once; the outcome is `ready`, `ended` or `lost` on the listener. */
  connect(request: AgentRequest, listener: AgentListener): AgentConnection
}

/** What the carrier says over its media socket, free of its wire form. */
export type CarrierMessage =
  | { kind: 'media'; payload: Buffer }
  | { kind: 'start'; providerCallId: string; token: string | null }
  | { kind: 'mark'; name: string }
  | { kind: 'dtmf'; digit: string }
  | { kind: 'stop' }
  /** Nothing to do with it, and nothing wrong with it. */
  | { kind: 'other' }
  /** Not a message that this carrier sends; `why` says what is wrong in a few words. */
  | { kind: 'invalid'; why: string }

/** Bytes to messages and back for one carrier stream; remembers what its wire form needs (Twilio's streamSid), nothing else. */
export interface CarrierCodec {
  /** How the caller's audio is written in `media` messages; it is known once the stream has started, like `plays`. */
  readonly brings: WireAudio
  /** How audio must be written that is given to `media`. */
  readonly plays: WireAudio
  read(message: Buffer, isBinary: boolean): CarrierMessage
  media(payload: Buffer): Buffer
  /** Empties what the carrier has buffered but not yet played. */
  clear(): Buffer
  /** Comes back from the carrier when all audio sent before it has been played or cleared; null where a carrier has no such thing. */
  mark(name: string): Buffer | null
  /** Whether audio goes out as binary messages; everything else is text on every carrier. */
  readonly sendsBinary?: boolean
  /** Audio that brings out the last of what the carrier holds back; it is sent whenever the agent has paused. */
  readonly flush?: Buffer | null
}

/** A call as its carrier's adapter needs it. */
export type CarrierCall = {
  callId: string
  view: CallView
  tokenOf: (attempt: number) => string
}

/** What a carrier's adapter asks of the calls. */
export interface CarrierCalls {
  /** `isNew` is false when this carrier announced the call before. */
  open(call: {
    providerCallId: string
    from: string
    to: string
    publicOrigin: string
  }): Promise<CarrierCall & { isNew: boolean }>
  /** Null when no call has this id of the carrier's. `eventId` names the delivery, so that a repeated one changes nothing. */
  tell(providerCallId: string, event: CallEvent, eventId?: string): Promise<CarrierCall | null>
}

/** A leg as other processes must find it when its holder is gone. */
export type HeldLeg = {
  callId: string
  /** The FreeSWITCH, as host:port, and its name for the channel. */
  mediaServer: string
  channel: string
  /** drachtio-server's name for the dialog; null before the answer. */
  dialogId: string | null
}

/** A leg whose holder is gone. */
export type AbandonedLeg = HeldLeg & { providerCallId: string }

/** Which legs are held by whom; it outlives the holder. */
export interface LegRegister {
  hold(leg: HeldLeg): Promise<void>
  answered(callId: string, dialogId: string): Promise<void>
  moved(callId: string, to: Pick<HeldLeg, 'mediaServer' | 'channel'>): Promise<void>
  release(callId: string): Promise<void>
  /** Takes over what nodes that are gone have left, each leg once for all who ask. */
  takeAbandoned(): Promise<AbandonedLeg[]>
}

/** What a media session asks of the calls. */
export interface MediaCalls {
  /**
   * Presents the token of a media stream. Resolves with the bridge's number, or with the reason for a refusal:
   * the token is wrong, was used before, or belongs to a bridge that is over.
   */
  join(claim: {
    callId: string
    providerCallId: string
    token: string | null
  }): Promise<{ attempt: number; view: CallView } | { refused: string }>
  /** Feeds an event to the call and resolves with the call as it is then; null when there is no such call. */
  send(callId: string, event: CallEvent): Promise<CallView | null>
  /** Calls back with every change of the call, whichever node made it, until the returned function is called. */
  watch(callId: string, onChange: (view: CallView) => void): () => void
  /** What the agent must know to take this call, with the conversation so far. */
  agentRequest(callId: string): Promise<AgentRequest>
  /** Keeps how an agent hears and speaks, for carriers that must know it before they connect the next caller to it. */
  learnAgentAudio(agentId: string, audio: AgentAudio): Promise<void>
  recordTurn(callId: string, turn: Turn): Promise<void>
  /** The agent's last words were cut short. */
  correctTurn(callId: string, original: string, spoken: string): Promise<void>
}
