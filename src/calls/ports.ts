import type { AgentOverride, CallEvent, LegEndStatus } from '../../machines/call-events.ts'
import type { CallView } from '../../machines/instructions.ts'
import type { WireAudio } from '../audio/audio-format.ts'

/*
 * What the rooms around a call promise each other. Adapters import these types and nothing else of ours;
 * main.ts joins the implementations.
 */

export type Provider = 'twilio' | 'sip'

/**
 * How far the number of a caller is vouched for: `attested` by the caller's own network, which knows that they may use it (or by a
 * password of ours that goes with it), `trunk` by nobody but the carrier that brings the call, `unverified` by the caller alone;
 * `failed` when the carrier's check of the caller's signature failed.
 */
export const CALLER_VERIFICATIONS = ['attested', 'trunk', 'unverified', 'failed'] as const
export type CallerVerification = (typeof CALLER_VERIFICATIONS)[number]

/** Who must vouch for a caller's number before the agent speaks in the voice that is on file for it. */
export const VOICE_TRUSTS = ['attested', 'trunk', 'any'] as const
export type VoiceTrust = (typeof VOICE_TRUSTS)[number]

/** A leg of one of our calls. */
export type LegName = { callId: string; providerCallId: string }

/** Where a carrier finds it. */
type LegAddress = LegName & {
  /** The https (or http, in the demo) origin that the carrier reached us at; callback URLs are built on it. */
  publicOrigin: string
}

/** How a leg ended, in the carrier's words. */
export type LegEnd = { status: LegEndStatus; durationSeconds?: number }

/** The carrier's side that can be told something. Every method may be called twice for the same thing. */
export interface Telephony {
  /**
   * Makes the leg ask now what comes next, and ends its media stream: the question names the bridge that is `left`, 0 for
   * none. Resolves with how the leg ended when the carrier says that it is over, and with `impossible` where the carrier cannot
   * be told, refuses the request or knows no such call. Rejects when it cannot be reached, or not now; the leg's own poll still comes.
   */
  redirectLeg(leg: LegAddress, left: number): Promise<'redirected' | 'impossible' | LegEnd>
  /** How the leg ended when the carrier says that it is over, `live` when it is not, `impossible` as above. Changes nothing. */
  checkLeg(leg: LegAddress): Promise<'live' | 'impossible' | LegEnd>
  /** Ends the leg. Resolves too when the carrier no longer knows it. */
  hangUp(leg: LegName): Promise<void>
}

/** Another process decides this and has not done so yet: the same is to be said again soon. */
export class AnswerPending extends Error {
  override readonly name = 'AnswerPending'
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
  /** What the vendor has refused in this call; it is not asked for again. */
  refusedOverrides: AgentOverride[]
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
  userTranscript(text: string): void
  agentTranscript(text: string): void
  /** The agent was cut off: of its last words only these were spoken. */
  agentTranscriptCorrected(original: string, spoken: string): void
  /** The agent closed the conversation of its own will. */
  ended(): void
  /** The vendor would not change this about its agent, which is being connected to without it: it is no loss. */
  refused(refusal: OverrideRefusal): void
  /**
   * The connection could not be made, broke, or fell silent. `cause` is a short slug for logs and metrics, `detail` the
   * vendor's own status and words, bounded and without secrets. `isPermanent` when the same would be refused again.
   */
  lost(cause: string, detail?: string, isPermanent?: boolean): void
}

/** Of a refused voice: the one that is asked for instead, null being the agent's own, and whether the vendor has no such voice. */
export type OverrideRefusal = {
  override: AgentOverride
  voiceId: string | null
  isGone: boolean
  detail?: string
}

/** One live conversation with a voice agent. */
export interface AgentConnection {
  /** Caller audio, written as `hears` of `ready` says. Dropped before that and after the end. */
  sendAudio(payload: Buffer): void
  /** What the caller has keyed in, such as `4711#`: it is theirs to be answered like a sentence. */
  sendDtmf(keys: string): void
  /** The caller has put the call on hold, and hears nothing until they take it up again. */
  held(isOnHold: boolean): void
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
  /** The caller has put the call on hold, and may send nothing until they take it up again. */
  | { kind: 'hold'; isOnHold: boolean }
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
  /** Has the carrier end the leg, where a stream can do that. */
  readonly hangUp?: Buffer
}

/** A call as its carrier's adapter needs it. */
export type CarrierCall = {
  callId: string
  view: CallView
  tokenOf: (bridgeNumber: number) => string
}

/** What a carrier's adapter asks of the calls. */
export interface CarrierCalls {
  /** `isNew` is false when this carrier announced the call before. */
  open(call: {
    providerCallId: string
    from: string
    /** Whom an unknown caller claims to be; left out, it is `from`. */
    claimed?: string
    to: string
    verification: CallerVerification
    /** Who answers; left out or null, the agent of the number. */
    agentId?: string | null
    publicOrigin: string
  }): Promise<CarrierCall & { isNew: boolean }>
  /** Null when no call has this id of the carrier's. `eventId` names the delivery, so that a repeated one changes nothing. */
  tell(providerCallId: string, event: CallEvent, eventId?: string): Promise<CarrierCall | null>
  /**
   * Says what the carrier says only once. It is kept from now on, and tried until the call has taken it. `tried` resolves after
   * the first try; `outcome` is `unknown` when there is no such call, `lost` when it could be kept no longer. Neither rejects.
   */
  report(
    providerCallId: string,
    event: CallEvent,
    eventId: string,
  ): { tried: Promise<void>; outcome: Promise<'taken' | 'unknown' | 'lost'> }
}

/** A leg as other processes must find it when its holder is gone. */
type HeldLeg = {
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
  }): Promise<{ bridgeNumber: number; view: CallView } | { refused: string }>
  /**
   * Feeds an event to the call and resolves with the call as it is then; null when there is no such call. While the database
   * is away it is tried again and again.
   */
  send(callId: string, event: CallEvent): Promise<CallView | null>
  /** Calls back with every change of the call, whichever node made it, until the returned function is called. */
  watch(callId: string, onChange: (view: CallView) => void): () => void
  /** What the agent must know to take this call, with the conversation so far. */
  agentRequest(callId: string): Promise<AgentRequest>
  /** Keeps how an agent hears and speaks, for carriers that must know it before they connect the next caller to it. */
  learnAgentAudio(agentId: string, audio: AgentAudio): Promise<void>
  /** Writes down what was just said. */
  recordTurn(callId: string, turn: Pick<Turn, 'role' | 'text'>): Promise<void>
  /** The agent's last words were cut short. */
  correctTurn(callId: string, original: string, spoken: string): Promise<void>
}
