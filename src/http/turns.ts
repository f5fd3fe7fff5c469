/*
 * An answer of many rows takes a millisecond or two to write. Twenty that are ready at once would be written in one go, and
 * no caller would be heard meanwhile.
 */

let last: Promise<void> = Promise.resolve()

/** Resolves in a turn of the event loop that is nobody else's who asks for one; what came from callers meanwhile is read before. */
export function ownTurn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)))
  return last
}
