import { type AnyActorRef, sendTo } from 'xstate'
import type { EndReason } from '../end-reasons.ts'

/*
 * Everything that the machines of a call say to each other. The list is closed; each message is named after its sender, and
 * `npm run model -- check` proves that each receiver has written down what it does with it in each of its states.
 */

export type ToCall =
  /** The leg has done what it was told, and asks what comes next. */
  | { type: 'leg.asks' }
  /** The carrier's media stream is open: its bridge number. */
  | { type: 'leg.streams'; bridgeNumber: number }
  /** The stream is over while the leg lives; the leg is being bridged again, or is expected to ask for it. */
  | { type: 'leg.streamsNoMore' }
  /** The leg has been bridged too often; it is not bridged again. */
  | { type: 'leg.isUnbridgeable' }
  /** The carrier reports the end of a stream after the last word. */
  | { type: 'leg.hasLeftStream' }
  /** The relay that was to play the last word gives no sign of life. */
  | { type: 'leg.hearsNothing' }
  /** The leg is over. */
  | { type: 'leg.isGone'; reason: EndReason }
  /** The voice that the agent will speak in is known. */
  | { type: 'voice.isSettled' }
  /** It is not known yet. */
  | { type: 'voice.isPending' }
  /** There is no more talking to the agent, who ended it or cannot be brought back. */
  | {
      type: 'conversation.isOver'
      reason: Extract<EndReason, 'agent_ended' | 'agent_lost' | 'agent_unreachable'>
    }

export type ToLeg =
  /** Open a media stream. */
  | { type: 'call.bridge' }
  /** Have the carrier ask now. */
  | { type: 'call.redirect' }
  /** Ask the carrier whether the leg still lives. */
  | { type: 'conversation.checkLeg' }
  /** Say the last word; no stream is opened any more. */
  | { type: 'call.letGo' }
  | { type: 'call.hangUp'; reason: EndReason }

export type ToConversation =
  /** This bridge is there: reach the agent. */
  | { type: 'call.converse'; bridgeNumber: number }
  /** The bridge is over. */
  | { type: 'call.pause' }
  /** The call is over. */
  | { type: 'call.isOver' }

export type ToVoice =
  /** Say whether the voice is known. */
  | { type: 'call.asksForVoice' }
  /** The call is over: nobody waits for the voice any more. */
  | { type: 'call.isOver' }
  /** The agent's vendor would not speak in it; `voiceId` is what it speaks in instead, `isGone` when there is no such voice. */
  | { type: 'conversation.refusesVoice'; voiceId: string | null; isGone: boolean }

export type ToTransfer =
  /** The leg hears its last word or is gone: nobody can be put in its caller's place. */
  { type: 'leg.closes' }

export type Messages = {
  call: ToCall
  leg: ToLeg
  conversation: ToConversation
  voice: ToVoice
  transfer: ToTransfer
}
export type Address = keyof Messages
export type MessageType = Messages[Address]['type']

/** Which machines each message is for. */
export const RECEIVERS: Readonly<Record<MessageType, readonly Address[]>> = {
  'leg.asks': ['call'],
  'leg.streams': ['call'],
  'leg.streamsNoMore': ['call'],
  'leg.isUnbridgeable': ['call'],
  'leg.hasLeftStream': ['call'],
  'leg.hearsNothing': ['call'],
  'leg.isGone': ['call'],
  'leg.closes': ['transfer'],
  'voice.isSettled': ['call'],
  'voice.isPending': ['call'],
  'conversation.isOver': ['call'],
  'call.bridge': ['leg'],
  'call.redirect': ['leg'],
  'conversation.checkLeg': ['leg'],
  'call.letGo': ['leg'],
  'call.hangUp': ['leg'],
  'call.converse': ['conversation'],
  'call.pause': ['conversation'],
  'call.isOver': ['conversation', 'voice'],
  'call.asksForVoice': ['voice'],
  'conversation.refusesVoice': ['voice'],
}

/** Whether it is said by one machine of a call to another, and never from outside. */
export const isMessage = (type: string): boolean => Object.hasOwn(RECEIVERS, type)

/** The tag of a state that waits for an answer of another machine in the same step; no call rests there. */
export const AWAITS_ANSWER = 'awaitsAnswer'

type SystemOfActor = { system: { get: (id: string) => AnyActorRef | undefined } }

/**
 * Where a message goes: to the actor of this system id where the machines run as ordinary actors. Where they are stepped by
 * `transition`, to a stand-in, which whoever steps the call knows by its address.
 */
function addressed(address: Address) {
  const standIn = { address, sessionId: address, _send() {} } as unknown as AnyActorRef
  return Object.assign(({ system }: SystemOfActor) => system.get(address) ?? standIn, { address })
}

const TO = {
  call: addressed('call'),
  leg: addressed('leg'),
  conversation: addressed('conversation'),
  voice: addressed('voice'),
  transfer: addressed('transfer'),
}

// biome-ignore lint/suspicious/noExplicitAny: the machine that sends is not known here, and neither are its context and events.
type Sending = ReturnType<typeof sendTo<any, any, undefined, AnyActorRef, any, any, any>>

/** Says something to another machine of the same call, in the same step. */
export const tell = <To extends Address>(to: To, message: Messages[To]): Sending =>
  sendTo(TO[to], message) as Sending

type Carried<To extends Address, Type> = Omit<Extract<Messages[To], { type: Type }>, 'type'>

/** The same where what is said depends on what the sender knows. */
export function tellOf<To extends Address, Type extends Messages[To]['type'], Args>(
  to: To,
  type: Type,
  carried: (args: Args) => Carried<To, Type>,
): Sending {
  const message = (args: unknown) => ({ type, ...carried(args as Args) })
  return sendTo(TO[to], Object.assign(message, { messageType: type })) as Sending
}
