/** Twice what a webhook may take; timers that fire so much too early or late are heard by callers. */
const OFFSET_LIMIT_MS = 2_000
/** An answer that took longer says too little about when it was given. */
const LONGEST_TRIP_MS = 500

/** How far the clock of this machine is from the clock of the database, by which all time limits of calls go. */
export class ClockOffset {
  #offsetMs: number | null = null

  /**
   * One exchange: our clock before it, how long it took, and the database's clock in it, which is taken to have been read
   * half-way (Cristian's algorithm).
   */
  measured({ before, tripMs, databaseMs }: { before: number; tripMs: number; databaseMs: number }): void {
    if (tripMs > LONGEST_TRIP_MS && this.#offsetMs !== null) return
    this.#offsetMs = before + tripMs / 2 - databaseMs
  }

  /** Positive when our clock is ahead; null before it was measured. */
  get offsetMs(): number | null {
    return this.#offsetMs
  }

  /** `ok`, or how far it is off, such as `61.2 s ahead of the database`. */
  get verdict(): string {
    return this.#offsetMs === null ? 'not measured yet' : clockVerdict(this.#offsetMs)
  }
}

export function clockVerdict(offsetMs: number): string {
  if (Math.abs(offsetMs) <= OFFSET_LIMIT_MS) return 'ok'
  return `${(Math.abs(offsetMs) / 1_000).toFixed(1)} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the database`
}
