/*
 * What time it is where calls are written down. The clock of a person's computer may be minutes off, and what is reckoned
 * up to the present would be too. Every answer says its time in whole seconds; many of them say it better.
 */

let earliest = Number.NEGATIVE_INFINITY
let latest = Number.POSITIVE_INFINITY

/** Learns from an answer's `Date` header, and from when on this computer's clock it was asked for and came. */
export function learnTime(date: string | null, askedAt: number, cameAt: number): void {
  const second = Date.parse(date ?? '')
  if (Number.isNaN(second)) return
  const [low, high] = [second - cameAt, second + 1_000 - askedAt]
  // Bounds that contradict each other mean that one of the clocks was set meanwhile.
  const isSet = low > latest || high < earliest
  earliest = isSet ? low : Math.max(earliest, low)
  latest = isSet ? high : Math.min(latest, high)
}

/** Milliseconds since 1970 by the service's clock; by this computer's while the two cannot be told apart. */
export function serviceNow(): number {
  const isUnknown = earliest <= 0 && latest >= 0
  return Date.now() + (isUnknown ? 0 : (earliest + latest) / 2)
}
