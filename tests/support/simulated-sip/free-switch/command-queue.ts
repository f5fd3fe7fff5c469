type Command = { run: () => Promise<void>; locks: boolean }

/**
 * The commands that apps send to a channel. Each is begun as soon as the channel looks for one, even while another runs;
 * only one that was sent with `event-lock` lets nothing in until it has ended.
 * Source: FreeSWITCH, switch_ivr_parse_event and switch_core_session_dequeue_private_event.
 */
export class CommandQueue {
  readonly #waiting: Command[] = []
  #isLocked = false

  submit(command: Command): void {
    this.#waiting.push(command)
    this.#begin()
  }

  /** Forgets what has not begun; whoever waits for it waits in vain. */
  clear(): void {
    this.#waiting.length = 0
  }

  #begin(): void {
    while (!this.#isLocked) {
      const command = this.#waiting.shift()
      if (!command) return
      this.#isLocked = command.locks
      void this.#follow(command)
    }
  }

  async #follow({ run, locks }: Command): Promise<void> {
    await run()
    if (!locks) return
    this.#isLocked = false
    this.#begin()
  }
}
