import { delayOf } from '../actors/timer-id.ts'
import { type AnyEvent, type CallSnapshot, placeOf } from './call-model.ts'

/*
 * The names of the call's table: a row for each place, in which a voice that is still waited for counts, and a column for
 * each event, two for those that say more than their name.
 */

export function rowName(snapshot: CallSnapshot): string {
  const { leg, voice } = placeOf(snapshot)
  return voice === 'cloning' ? `${leg} while cloning` : leg
}

export function columnName(event: AnyEvent): string {
  if (event.type === 'media.lost') return event.clean ? 'media.lost, announced' : 'media.lost, broken'
  if (event.type === 'leg.instructionsRequested' && event.leaves !== undefined)
    return 'leg.instructionsRequested, leaving'
  return delayOf(event.type) ?? event.type
}

export const cellOf = (snapshot: CallSnapshot, event: AnyEvent): string =>
  `${rowName(snapshot)}: ${columnName(event)}`

/** An event or timer in the fewest words that tell it from others. */
export function wordsFor(event: AnyEvent): string {
  if (event.type === 'leg.ended') return `leg.ended as ${event.status}`
  if (event.type === 'agent.overrideRefused')
    return `${event.type} for ${event.override}${event.isGone ? ' that is gone' : ''}`
  return columnName(event).replace(',', '')
}
