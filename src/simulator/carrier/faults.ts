/** What goes wrong on purpose, for tests; nothing does until it is asked for. */
export class CarrierFaults {
  /** The next webhook is delivered, its answer thrown away, and the webhook delivered again with the same token. */
  loseNextResponse = false
  /** Nobody is told how a call ended. */
  noStatusCallbacks = false
  /** Every webhook is delivered twice at the same time; only one answer is looked at. */
  repeatWebhooks = false
  /** REST requests are taken and never answered. */
  hangRest = false
  /** A stream that opens says nothing at all, not even `start`. */
  muteStreams = false
  /** Every REST request is answered with this HTTP status; null answers as usual. */
  refuseRest: number | null = null
  #withheld: PromiseWithResolvers<void> | null = null

  /** A <Redirect> is not followed until polls are released: the caller hears silence, and the service is not asked. */
  set withholdPolls(withhold: boolean) {
    if (withhold) {
      this.#withheld ??= Promise.withResolvers()
    } else {
      this.#withheld?.resolve()
      this.#withheld = null
    }
  }

  get withholdPolls(): boolean {
    return this.#withheld !== null
  }

  /** Resolves when a <Redirect> may be followed. */
  async pollsReleased(): Promise<void> {
    await this.#withheld?.promise
  }

  /** Says whether the answer that is due now is to be lost, and loses only that one. */
  takeLostResponse(): boolean {
    const lost = this.loseNextResponse
    this.loseNextResponse = false
    return lost
  }
}
