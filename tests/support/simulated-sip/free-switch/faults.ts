/** What goes wrong on purpose, for tests; nothing does until it is asked for. */
export class FreeSwitchFaults {
  /** INVITEs are answered with this status; null answers as usual. */
  refuseInvites: number | null = null
  /** How long a channel takes to answer, in milliseconds of real time. */
  answerDelayMs = 0
  /** How long after the answer the app is called for its channel. fsmrf waits for four seconds. */
  socketDelayMs = 0
  /** Channels are answered, and the app is never called for them. */
  neverCallsApp = false
  /** Connections of apps to the event socket are cut as they come in. */
  refusesConnections = false
  /** So many frames of the caller go out as one message of a fork. */
  coalescedFrames = 1
  /** Apps are not told that a channel hangs up: their socket ends before, as FreeSWITCH lets it happen now and then. */
  hidesHangUps = false
  /** Nothing is answered or told any more and no connection ends, as of a host whose network is gone. */
  hangs = false
  readonly #failing = new Map<string, string>()

  /** The next API command that begins like this is answered with this text, such as `-ERR Operation Failed`. */
  failNextApi(command: string, answer = '-ERR Operation Failed'): void {
    this.#failing.set(command, answer)
  }

  /** What to answer instead, if this command is to fail; it fails once. */
  takeFailure(command: string): string | null {
    for (const [beginning, answer] of this.#failing) {
      if (!command.startsWith(beginning)) continue
      this.#failing.delete(beginning)
      return `${answer}\n`
    }
    return null
  }
}
