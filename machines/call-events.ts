import type { EndReason } from './end-reasons.ts'

/** What the carrier says about its leg. Twilio says it by webhook, a SIP leg directly; both say the same. */
export type LegEvent =
  /** The leg has done what it was told and asks what comes next (Twilio's redirect, the end of a SIP playback). */
  | { type: 'leg.asked' }
  /** The carrier reports that the bridge to the media stream is over while the call lives; `attempt` when it can say which. */
  | { type: 'leg.streamEnded'; attempt?: number }
  /** The carrier reports that the call is over, and how. */
  | { type: 'leg.ended'; status: LegEndStatus; durationSeconds?: number }

export type LegEndStatus =
  | 'completed'
  | 'busy'
  | 'no-answer'
  | 'failed'
  | 'canceled'
  /** What only a leg that we hold ourselves, over SIP, can lose: the server of its media, that of its signalling, its holder. */
  | 'media-server-lost'
  | 'signalling-lost'
  | 'holder-lost'

/** What the relay says about the carrier's media stream. `attempt` names the bridge it belongs to: a late word about an old one is ignored. */
export type MediaEvent =
  /** The carrier's stream presented the right token and audio can flow. */
  | { type: 'media.joined'; attempt: number; node: string }
  /** The carrier's stream is gone; `clean` when the carrier announced it (the caller hung up, or the call moved on). */
  | { type: 'media.lost'; attempt: number; clean: boolean }

/** What the relay says about the voice agent. */
export type AgentEvent =
  /** The agent's socket is open and its audio formats fit. */
  | { type: 'agent.ready'; attempt: number; conversationId: string }
  /** The agent could not be reached, dropped the conversation or fell silent. */
  | { type: 'agent.lost'; attempt: number; cause: string }
  /** The agent ended the conversation of its own will. */
  | { type: 'agent.ended'; attempt: number }

/** What the voices room says about the clone that the call waits for. */
export type VoiceEvent = { type: 'voice.ready'; voiceId: string } | { type: 'voice.failed'; cause: string }

/** What a person asks for. */
export type OperatorEvent = { type: 'operator.hangupRequested'; by: string }

/** Everything that can be said to a call. */
export type CallEvent = LegEvent | MediaEvent | AgentEvent | VoiceEvent | OperatorEvent

/** Raised inside the chart when its voice region comes to rest; never sent from outside. */
export type InternalEvent = { type: 'voice.settled' }

/** How the caller's voice was looked up when the call came in. */
export type VoiceLookup =
  | { kind: 'default'; voiceId: string | null }
  | { kind: 'cached'; voiceId: string; sampleKey: string }
  | { kind: 'clone'; sampleKey: string; fallbackVoiceId: string | null }

/** The bounds that this call lives by, in milliseconds; fixed when it begins so that a replay does not depend on settings. */
export type CallLimits = {
  cloneMaxWaitMs: number
  /** How long a leg may leave us unasked while it plays greeting or hold. */
  legPatienceMs: number
  agentConnectMs: number
  callMaxMs: number
}

export type CallInput = {
  admission: 'accepted' | Extract<EndReason, 'capacity_full' | 'draining'>
  voice: VoiceLookup
  limits: CallLimits
}

/** What the chart asks the world to do. Each is carried out at least once, after the state that asked for it was committed. */
export type CallEffect =
  /** Have this sample cloned; whoever waits for the same sample shares one clone. */
  | { type: 'requestClone'; params: { sampleKey: string } }
  /** The clone took longer than the caller can be kept waiting. */
  | { type: 'recordCloneTimeout'; params: { sampleKey: string } }
  /** Tell the carrier to ask us now instead of at its next poll. */
  | { type: 'moveLeg'; params: { attempt: number } }
  /** Tell the carrier to end the call. */
  | { type: 'hangUpLeg'; params: { reason: EndReason } }
