import type { CallView } from '../../../machines/instructions.ts'

/*
 * A call's changes come from this process at once and from others by way of the database, so an older one may come
 * later. What only ever grows tells them apart.
 */

export function isOlder(view: CallView, than: CallView): boolean {
  const [a, b] = [ageOf(view), ageOf(than)]
  const first = a.findIndex((value, at) => value !== b[at])
  return first >= 0 && (a[first] as number) < (b[first] as number)
}

/** From a last word there is no way back, and from one bridge or hold round none to an earlier one. */
function ageOf({ state, context: { attempt, holdRound } }: CallView): number[] {
  return [{ failed: 1, rejected: 1, closing: 2, ended: 3 }[state as string] ?? 0, attempt, holdRound]
}
