import { hostname } from 'node:os'
import type { Suspect } from '../persistence/node-registry.ts'
import { withTimeout } from '../runtime/with-timeout.ts'

/** Where a node says that it lives; whoever does not know its id learns nothing. */
const LIFE_PATH = '/nodes/'

/** A process that runs answers in a millisecond; one that is busy to the last in a second. */
export const ANSWER_MS = 2_000

/**
 * What a node said to the question whether it lives: `here`; `refused`, when its machine says that nobody listens there;
 * `replaced`, when another node does; `silent`; or `unasked`, when it is not known where to ask.
 */
export type Answer = 'here' | 'refused' | 'replaced' | 'silent' | 'unasked'

/** HTTP's words for them: 204 No Content, 410 Gone. */
const ANSWERS: Record<number, Answer> = { 204: 'here', 410: 'replaced' }

/** Asks a node directly, past the database. Takes a bounded time and never rejects. */
export async function askNode({ id, address, host }: Suspect): Promise<Answer> {
  if (address === null || isElsewhere(address, host)) return 'unasked'
  const abort = new AbortController()
  const asking = fetch(`${address}${LIFE_PATH}${id}`, { redirect: 'manual', signal: abort.signal })
  try {
    const { status } = await withTimeout(ANSWER_MS, asking, 'no answer')
    return ANSWERS[status] ?? 'silent'
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string }
    return code === 'ECONNREFUSED' ? 'refused' : 'silent'
  } finally {
    abort.abort()
  }
}

/** A loopback address means another machine there than here. */
function isElsewhere(address: string, host: string | null): boolean {
  const { hostname: name } = new URL(address)
  return /^(127\.|localhost$|\[::1\]$)/.test(name) && host !== hostname()
}
