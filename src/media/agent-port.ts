import type { AgentOverride } from '../../machines/call-events.ts'
import type { WireAudio } from '../audio/audio-format.ts'
import type { AgentSettings } from '../calls/agent-settings.ts'

/*
 * What the relay asks of a voice agent. Each backend is a folder of src/voice-agents/ that implements VoiceAgent, and a line in
 * src/composition/voice-agents.ts; tests/contracts/agent-contract.ts says in tests what is said here in words.
 *
 * There are no turns here: some backends own them and never say when one begins or is over. What a backend can do beyond sound in
 * both directions, it says by its capabilities.
 */

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
  /** Empty at first; after a lost connection, what was said before it, oldest first. The agent goes on there, and greets nobody again. */
  conversationSoFar: Turn[]
  from: string
  to: string
}

/** Constants of a connection. There is one for each thing that the relay does otherwise where a backend cannot. */
export type AgentCapabilities = {
  /** It reports `interrupted`. Where it does not, the relay listens for the caller itself. */
  readonly interrupt: boolean
  /** It is to be told by `truncate` how much of its speech was not heard. */
  readonly truncate: boolean
  /** It can be told by text what is no sound: `sendDtmf` and `setOnHold`. */
  readonly textInput: boolean
}

/** How an agent's audio is written: of what it takes, and of what it gives. */
export type AgentAudio = { inputFormat: WireAudio; outputFormat: WireAudio }

/**
 * What an agent's connection reports. Nothing is reported before `connect` has returned. `ready` comes once at most, and all that
 * is listed behind it only after it; `ended` or `lost` comes exactly once, with or without `ready` before it, and nothing after
 * it. A listener does not throw, and may close the connection from within any report.
 */
export interface AgentListener {
  /** The agent listens from now on. */
  ready(conversationId: string, audio: AgentAudio): void
  /** Speech to be played, in order, written as `outputFormat` says, in whole samples: a view into the vendor's own message. */
  audio(payload: Buffer): void
  /** The caller spoke over the agent: no audio reported before may be heard any more. Only with the capability `interrupt`. */
  interrupted(): void
  /** The caller said this. It may come late, and in pieces as long as the backend likes; none of them is a turn. */
  userTranscript(text: string): void
  /**
   * The agent says this; it comes about with the first of the audio that speaks it. Where it comes behind that audio, the last
   * `spokenMs` of what was reported until now speak it.
   */
  agentTranscript(text: string, spokenMs?: number): void
  /** The agent was cut off: of its words `original`, only `spoken` were said. */
  agentTranscriptCorrected(original: string, spoken: string): void
  /** The vendor would not change this about its agent, which is being connected to without it: it is no loss. Before `ready`. */
  refused(refusal: OverrideRefusal): void
  /** The agent closed the conversation of its own will. */
  ended(): void
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

/** One conversation with a voice agent. All but `close` is dropped before `ready` and after the end; nothing throws. */
export interface AgentConnection {
  readonly capabilities: AgentCapabilities
  /** Caller audio, written as `inputFormat` of `ready` says, in order and in whole samples. */
  sendAudio(payload: Buffer): void
  /** Bytes accepted by `sendAudio` that the socket has not yet taken. */
  readonly bufferedBytes: number
  /**
   * Of the audio reported until now, the last so many milliseconds will not be heard; 0 when all of it was. It follows each
   * interruption, at once, where the backend has the capability `truncate`, and is never called where it has not.
   */
  truncate(unheardMs: number): void
  /** What the caller has keyed in, such as `4711#`: it is theirs to be answered like a sentence. Only with `textInput`. */
  sendDtmf(keys: string): void
  /** The caller has put the call on hold, and hears nothing until they take it up again. Only with `textInput`. */
  setOnHold(isOnHold: boolean): void
  /** Closes, whatever state it is in, and however often it is called; no listener is called afterwards. No socket or timer stays. */
  close(): void
}

export interface VoiceAgent {
  /**
   * Starts to connect and returns at once; the outcome is `ready`, `ended` or `lost` on the listener, within ten seconds. It may
   * throw only for what is wrong with its own settings.
   */
  connect(request: AgentRequest, listener: AgentListener): AgentConnection
}
