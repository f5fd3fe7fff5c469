import { SecondLook } from './second-look.ts'

/** What a node held that is not listed any more. */
export type Orphan = {
  /** PostgreSQL has a session of that node: it may have lost its place for a moment alone. */
  mayLive: boolean
}

/**
 * Tells what was left by nodes that are gone from what belongs to one that only lost its place, which it takes again with its
 * next heartbeat: of that nothing is found at a second look.
 */
export class Orphans<Found extends Orphan> {
  readonly #doubtful: SecondLook<Found>

  constructor(keyOf: (found: Found) => string) {
    this.#doubtful = new SecondLook(keyOf)
  }

  /** Of what a look has found, that which nobody will come back for. */
  certain(found: readonly Found[]): Found[] {
    const gone = found.filter(({ mayLive }) => !mayLive)
    return [...gone, ...this.#doubtful.again(found.filter(({ mayLive }) => mayLive))]
  }
}
