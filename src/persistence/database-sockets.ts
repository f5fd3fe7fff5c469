import { Socket } from 'node:net'
import { loopDelay } from '../runtime/loop-delay.ts'

const LOOK_MS = 500
/** PostgreSQL greets whoever connects at once; one that was not greeted would keep its place in a pool for ever. */
const GREETING_MS = 5_000

type Heard = { bytes: number; since: number }

/**
 * The sockets of this process to PostgreSQL. A network that breaks without a word leaves them open for a quarter of an hour,
 * and every statement on them unanswered: whoever finds that out, by one of them, ends the others too.
 */
class DatabaseSockets {
  readonly #sockets = new Map<Socket, Heard>()
  #patienceMs = Number.POSITIVE_INFINITY

  /** Given to `pg` as its `stream`, by everything that connects. */
  readonly open = (): Socket => {
    const socket = new Socket()
    this.#sockets.set(socket, { bytes: 0, since: performance.now() })
    socket.on('close', () => this.#sockets.delete(socket))
    return socket
  }

  /** To be called twice a second: notes which of them have received something, and ends those that are waited for in vain. */
  look(): void {
    for (const [socket, { bytes, since }] of this.#sockets) {
      const silentMs = performance.now() - since
      if (socket.bytesRead !== bytes)
        this.#sockets.set(socket, { bytes: socket.bytesRead, since: performance.now() })
      else if (silentMs - loopDelay.lateWithin(silentMs) > this.#patienceWith(bytes)) socket.destroy()
    }
  }

  /**
   * Until the returned function is called, nobody waits longer than this for an answer of PostgreSQL: a process that ends
   * would else wait for ever for a database that hangs.
   */
  limitPatience(ms: number): () => void {
    this.#patienceMs = ms
    return () => {
      this.#patienceMs = Number.POSITIVE_INFINITY
    }
  }

  #patienceWith(received: number): number {
    return received === 0 ? Math.min(GREETING_MS, this.#patienceMs) : this.#patienceMs
  }

  /** Ends those that have received nothing for so long. One that was idle is made anew when it is needed. */
  endSilentFor(ms: number): void {
    this.look()
    for (const [socket, { since }] of this.#sockets) if (performance.now() - since >= ms) socket.destroy()
  }
}

/** Those of this very process. */
export const databaseSockets = new DatabaseSockets()

setInterval(() => databaseSockets.look(), LOOK_MS).unref()
