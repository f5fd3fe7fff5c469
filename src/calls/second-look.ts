/**
 * Tells what two looks running have found: what is only just being made or ended is right at the second one. To be asked less
 * often than that takes.
 */
export class SecondLook<Found> {
  readonly #keyOf: (found: Found) => string
  #before: ReadonlySet<string> = new Set()

  constructor(keyOf: (found: Found) => string) {
    this.#keyOf = keyOf
  }

  /** Of what a look has found, that which the one before had found, too. */
  again(found: readonly Found[]): Found[] {
    const again = found.filter((each) => this.#before.has(this.#keyOf(each)))
    this.#before = new Set(found.map(this.#keyOf))
    return again
  }
}
