import type { SavedState } from '../../machines/saved-state.ts'
import type { ActorMessage } from '../actors/deliveries.ts'
import type { SavedSystem } from '../actors/saved-system.ts'

/*
 * Nodes of the release before, whose chart is 3, take no step with a call of today's chart, but read where it is, to answer its
 * carrier meanwhile and to lead the audio that they hold; and they carry out its jobs. While a release is rolled out they go on; once
 * no node knows chart 3 any more, this goes.
 */

/** The saved call, with the number of its bridge as chart 3 names it beside what the machines of today go on from. */
export function readableBefore(saved: SavedSystem): SavedSystem {
  const { leg, ...others } = saved.context as Record<string, { bridgeNumber?: number }>
  return { ...saved, context: { ...others, leg: { ...leg, attempt: leg?.bridgeNumber } } }
}

/** What the machines of today go on from. */
export function withoutOldNames(saved: SavedState): SavedState {
  const { attempt: _, ...leg } = Object(saved.context.leg)
  return { ...saved, context: { ...saved.context, leg } }
}

/**
 * The id of a new call's first leg. Nodes of chart 3 reckon the token of its media stream from the id of the call, and take it for a
 * leg's in `sip_leg`; calls that they open have a leg of this id.
 */
export const firstLegId = (callId: string): string => callId

/** A job about a bridge, as either release reads it; one of theirs may wait, which names the bridge as they do. */
export type AboutBridge =
  | { bridgeNumber: number; attempt: number }
  | { bridgeNumber?: undefined; attempt: number }

export const aboutBridge = (bridgeNumber: number): AboutBridge => ({ bridgeNumber, attempt: bridgeNumber })

export const bridgeIn = ({ bridgeNumber, attempt }: AboutBridge): number => bridgeNumber ?? attempt

/** As they leave an event to a node that knows a call's chart. */
export type MessageBefore = Pick<ActorMessage, 'event' | 'eventId'> & { callId: string }

export const readMessage = (payload: ActorMessage | MessageBefore): ActorMessage =>
  'callId' in payload
    ? { kind: 'call', id: payload.callId, event: payload.event, eventId: payload.eventId }
    : payload
