import type { EndReason } from './end-reasons.ts'

/**
 * What a party is to its call. Each has a leg of its own, and each leg is a machine of the call's system.
 */
export const LEG_ROLES = ['caller'] as const
export type LegRole = (typeof LEG_ROLES)[number]

/** The id of the leg that is spoken of; left out by those who do not know it, who mean the caller's. */
type AboutLeg = { leg?: string }

/** What the carrier says about its leg. Twilio says it by webhook, a SIP leg directly; both say the same. */
export type LegEvent = AboutLeg & LegReport

type LegReport =
  /**
   * The leg has done what it was told and requests what comes next (Twilio's redirect, the end of a SIP playback). `leaves` is
   * the bridge that it was taken out of by `redirectLeg`: a carrier ends the stream of a leg that it redirects.
   */
  | { type: 'leg.instructionsRequested'; leaves?: number }
  /** The carrier reports that the bridge to the media stream is over while the call lives; `bridgeNumber` when it can say which. */
  | { type: 'leg.streamEnded'; bridgeNumber?: number }
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

/** What the relay says about the carrier's media stream. `bridgeNumber` names the bridge it belongs to: a late word about an old one is ignored. */
export type MediaEvent = AboutLeg & MediaReport

type MediaReport =
  /** The carrier's stream presented the right token and audio can flow. */
  | { type: 'media.joined'; bridgeNumber: number; node: string }
  /** The carrier's stream is gone; `clean` when the carrier announced it (the caller hung up, or the call moved on). */
  | { type: 'media.lost'; bridgeNumber: number; clean: boolean }

/** Why a party that was called for a transfer did not get the call. */
const TRANSFER_FAILURES = [
  'busy',
  'no_answer',
  'declined',
  'unknown_number',
  'no_common_media',
  'unreachable',
] as const
export type TransferFailure = (typeof TRANSFER_FAILURES)[number]

/** What becomes of a transfer: it is `abandoned` when its leg ends before the party has answered. */
export const TRANSFER_OUTCOMES = ['completed', ...TRANSFER_FAILURES, 'abandoned'] as const
export type TransferOutcome = (typeof TRANSFER_OUTCOMES)[number]

/** Why nobody was called though a transfer was asked for. */
export type TransferRefusal =
  | 'malformed'
  | 'not_a_trunk'
  | 'not_allowed'
  | 'not_encrypted'
  | 'transfer_running'
  | 'leg_closing'
  | 'unavailable'

/**
 * What a leg's carrier says about having somebody else in the caller's place (over SIP, a REFER). `transferNumber` names the transfer
 * that is meant: a late word about an earlier one is ignored.
 */
export type TransferEvent = AboutLeg & TransferReport

type TransferReport =
  /** The other end of the leg wants this party to have the call. */
  | { type: 'transfer.requested'; transferNumber: number; to: string }
  /** It wanted so and was refused; `to` is null where it names nobody who can be called, `status` is the answer in SIP's terms. */
  | { type: 'transfer.refused'; to: string | null; status: number; reason: TransferRefusal }
  /** The party has answered, and its audio goes where the caller's went. */
  | { type: 'transfer.completed'; transferNumber: number }
  /** The party does not get the call, which goes on as it was; `status` is its answer in SIP's terms. */
  | { type: 'transfer.failed'; transferNumber: number; status: number; reason: TransferFailure }

/** What other nodes say about the process that holds the media stream. */
export type RelayEvent =
  AboutLeg /** It gives no sign of life. That is a suspicion, which ends nothing: the carrier is asked to have the leg bridged again. */ & {
    type: 'relay.unresponsive'
    bridgeNumber: number
  }

/** What a call may want to be different from how the agent is set up at its vendor. */
export type AgentOverride = 'voice' | 'first_message' | 'prompt' | 'language'

/**
 * Which connection to the agent is meant: the bridge, and within the call the number of the connection. A late word about an
 * earlier one is ignored. Relays of chart 1 do not number connections: their word is about the present one.
 */
type AboutConnection = { bridgeNumber: number; connection?: number }

/** What the relay says about the voice agent. `detail` is the vendor's own status and words, bounded. */
export type AgentEvent =
  /** The agent's socket is open and its audio formats fit. */
  | ({ type: 'agent.ready'; conversationId: string } & AboutConnection)
  /** The agent could not be reached, dropped the conversation or fell silent. `isPermanent` when another try would end alike. */
  | ({ type: 'agent.lost'; cause: string; detail?: string; isPermanent?: boolean } & AboutConnection)
  /** The agent ended the conversation of its own will. */
  | ({ type: 'agent.ended' } & AboutConnection)
  /**
   * The vendor refused an override, and the agent is being connected without it. Of a refused voice `voiceId` is the one that
   * is asked for instead, null being the agent's own; `isGone` when the vendor says that there is no such voice.
   */
  | ({
      type: 'agent.overrideRefused'
      override: AgentOverride
      voiceId: string | null
      isGone: boolean
      detail?: string
    } & AboutConnection)

/** What the voices room says about the clone that the call waits for. `detail` is the vendor's own status and words, bounded. */
export type VoiceEvent =
  | { type: 'voice.ready'; voiceId: string }
  | { type: 'voice.failed'; cause: string; detail?: string }

/** What a person asks for. */
export type OperatorEvent = { type: 'operator.hangupRequested'; by: string }

/** Everything that can be said to a call. */
export type CallEvent =
  | LegEvent
  | TransferEvent
  | MediaEvent
  | RelayEvent
  | AgentEvent
  | VoiceEvent
  | OperatorEvent

/** Why a voice that is on file is not used: nobody vouches enough for the caller's number, or the agent's backend cannot speak it. */
export const VOICE_WITHHELD = [
  'not_attested',
  'not_verified',
  'verification_failed',
  'backend_cannot',
] as const
export type VoiceWithheld = (typeof VOICE_WITHHELD)[number]

/** How the caller's voice was looked up when the call came in. */
export type VoiceLookup =
  | { kind: 'default'; voiceId: string | null; withheld?: VoiceWithheld }
  | { kind: 'cached'; voiceId: string; sampleKey: string }
  | { kind: 'clone'; sampleKey: string; fallbackVoiceId: string | null }

/** The bounds that this call lives by, in milliseconds; fixed when it begins so that a replay does not depend on settings. */
export type CallLimits = {
  cloneMaxWaitMs: number
  /** How long a leg may leave us unasked, whatever it plays, before it is given up. */
  legPatienceMs: number
  /** How long the greeting with its round of hold takes, and a round of hold; past it the carrier is asked about the leg. */
  greetingOverdueMs: number
  roundOverdueMs: number
  agentConnectMs: number
  /** How long a lost agent is tried again, in all, and the pauses before each try; the last one repeats. */
  agentRecoveryMs: number
  agentPausesMs: number[]
  callMaxMs: number
}

export type CallInput = {
  /** The id of the caller's leg. */
  legId: string
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
  /** Have the carrier ask us now instead of at its next poll, or say how the call ended if it is over. */
  | { type: 'redirectLeg'; params: { leg: string; bridgeNumber: number } }
  /** Ask the carrier whether the call still lives, and leave it as it is. */
  | { type: 'checkLeg'; params: { leg: string; bridgeNumber: number } }
  /** The vendor knows this clone no more: no call is to be given it. */
  | { type: 'forgetVoice'; params: { sampleKey: string; voiceId: string } }
  /** Tell the carrier to end the leg. */
  | { type: 'hangUpLeg'; params: { leg: string; reason: EndReason } }
