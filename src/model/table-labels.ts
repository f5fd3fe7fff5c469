import { delayOf } from '../actors/timer-id.ts'
import { type AnyEvent, type CallSnapshot, placeOf } from './call-model.ts'

/*
 * The names of the call's table: a row for each place, in which a voice that is still waited for and a transfer that runs count, and a column for
 * each event, two for those that say more than their name.
 */

export function rowName(snapshot: CallSnapshot): string {
  const { leg, voice } = placeOf(snapshot)
  const isTransferring = snapshot.machines.transfer.value === 'calling'
  const meanwhile = [voice === 'cloning' && 'cloning', isTransferring && 'transferring'].filter(Boolean)
  return meanwhile.length > 0 ? `${leg} while ${meanwhile.join(' and ')}` : leg
}

export function columnName(event: AnyEvent): string {
  if (event.type === 'media.lost') return event.clean ? 'media.lost, announced' : 'media.lost, broken'
  if (event.type === 'leg.instructionsRequested' && event.leaves !== undefined)
    return 'leg.instructionsRequested, leaving'
  return delayOf(event.type) ?? event.type
}

export const cellOf = (snapshot: CallSnapshot, event: AnyEvent): string =>
  `${rowName(snapshot)}: ${columnName(event)}`

/**
 * A transfer runs beside everything else and moves none of it. So paths begin and complete one in every place; all else about it, and
 * whatever else may happen meanwhile, they come by in some place.
 */
export const isBesideTransfer = (cell: string): boolean =>
  /transferring: |: transfer\./.test(cell) && !/: transfer\.(?:requested|completed)$/.test(cell)

/** An event or timer in the fewest words that tell it from others. */
export function wordsFor(event: AnyEvent): string {
  if (event.type === 'leg.ended') return `leg.ended as ${event.status}`
  if (event.type === 'agent.overrideRefused')
    return `${event.type} for ${event.override}${event.isGone ? ' that is gone' : ''}`
  return columnName(event).replace(',', '')
}
