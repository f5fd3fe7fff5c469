import type { CallState } from '../../machines/instructions.ts'
import type { SavedState } from '../../machines/saved-state.ts'

/*
 * Nodes of the release before, whose chart 2 was one machine, take no step with a call of today's machines, but read where it is: to
 * answer its carrier meanwhile, and to lead the audio that they hold. While a release is rolled out they go on; once no node knows
 * chart 2 any more, this goes.
 */

/** The saved call, with what chart 2 reads of it beside what the machines of today go on from. */
export function readableBefore(saved: SavedState, { state, bridge, voice, context }: CallState): SavedState {
  const leg = bridge === null ? state : { bridged: bridge }
  const { limits: _, ...fields } = context
  return {
    ...saved,
    value: { ...Object(saved.value), live: { leg, voice: voice === 'cloning' ? voice : { settled: voice } } },
    context: { ...fields, ...saved.context },
  }
}
