import { isAboutLeg } from '../../machines/call/call-system.ts'
import type { CallEvent } from '../../machines/call-events.ts'
import type { TimerEvent } from '../actors/timer-id.ts'
import type { CallAddress, CallRow, Leg } from './store.ts'

/** The carrier's name for a leg. */
export type CarriersAddress = Exclude<CallAddress, { callId: string }>

export const legAt = (
  { provider, providerCallId }: CarriersAddress,
  { legs }: Pick<CallRow, 'legs'>,
): Leg | undefined => legs.find((leg) => leg.provider === provider && leg.providerCallId === providerCallId)

/**
 * The event, about the leg that the carrier's id in the address names. Null where the event names another one: whoever says that
 * mistakes the leg, and nothing is to come of it.
 */
export function withNamedLeg<Event extends CallEvent | TimerEvent>(
  event: Event,
  address: CallAddress,
  row: Pick<CallRow, 'legs'>,
): Event | null {
  if ('callId' in address || !isAboutLeg(event)) return event
  const named = legAt(address, row)
  const { leg = named?.id } = event as { leg?: string }
  return named && leg === named.id ? { ...event, leg } : null
}
