import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { NoPlace, TrunkRegister } from '../../../calls/trunk-ports.ts'
import { retrying } from '../../../runtime/backoff.ts'
import { withTimeout } from '../../../runtime/with-timeout.ts'
import type { Trunk } from './trunk-directory.ts'

/** A trunk is told to try elsewhere sooner than its caller would give up the silence. */
const TAKE_MS = 2_000
const PAUSES = { firstMs: 100, longestMs: 5_000 }

/** What a call of a trunk takes away from its other calls, until it is left. */
export type Place = { leave(): void }

const OF_NO_TRUNK: Place = { leave() {} }

/** Gives calls the places that their trunks have, over all nodes. */
export class TrunkPlaces {
  readonly #register: Pick<TrunkRegister, 'takePlace' | 'leavePlace'>
  readonly #log: Logger

  constructor({ register, log }: { register: Pick<TrunkRegister, 'takePlace' | 'leavePlace'>; log: Logger }) {
    this.#register = register
    this.#log = log
  }

  /** Resolves with the limit that is reached where there is none. Rejects when it cannot be written down in time. */
  async take(trunk: Pick<Trunk, 'id'> | null): Promise<Place | NoPlace> {
    if (!trunk || trunk.id === null) return OF_NO_TRUNK
    const id = randomUUID()
    const taking = this.#register.takePlace(trunk.id, id)
    try {
      return (
        (await withTimeout(TAKE_MS, taking, 'the place of a trunk was not given in time')) ?? this.#place(id)
      )
    } catch (error) {
      void taking.then((refused) => (refused === null ? this.#leave(id) : undefined)).catch(() => {})
      throw error
    }
  }

  #place(id: string): Place {
    return { leave: () => void this.#leave(id) }
  }

  /** A place that stays taken would be missing until this process ends; nothing waits for it. */
  #leave(id: string): Promise<void> {
    return retrying(() => this.#register.leavePlace(id), {
      ...PAUSES,
      onFailed: (error) =>
        this.#log.warn({ err: error }, 'the place of a call that is over is still taken; it is tried again'),
    })
  }
}
