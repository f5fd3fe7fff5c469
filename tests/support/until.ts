import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 20
/** Stories live twenty times as fast as people, so this is a very long time. */
const PATIENCE_MS = 12_000

/** Resolves with what `look` finds as soon as that is something; rejects, telling how things stand, when it never is. */
export async function until<Result>(
  what: string,
  look: () => Promise<Result> | Result,
  tell: () => Promise<string> | string = () => '',
  patienceMs = PATIENCE_MS,
): Promise<NonNullable<Result>> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) {
      const notYet = new Error(`Not within ${patienceMs / 1000} s: ${what}. ${await tell()}`)
      Error.captureStackTrace(notYet, until)
      throw notYet
    }
    await sleep(LOOK_EVERY_MS)
  }
}
