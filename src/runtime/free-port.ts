import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below those that systems give to connections (IANA: from 49152, Linux: from 32768), above those of SIP and of common servers. */
const LISTENED_ON = { from: 10_000, to: 20_000 }

/**
 * A port of 127.0.0.1 on which nobody has listened a moment ago. No connection is given it while whoever listens there is away,
 * so that a server can be started on it again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LISTENED_ON.from, LISTENED_ON.to)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
