import type { Logger } from 'pino'
import { BEAT_MS, TIME_OUT_MS } from '../persistence/heartbeat.ts'
import type { NodeRegistry, Suspect } from '../persistence/node-registry.ts'
import type { OwnSession } from '../persistence/own-session.ts'
import { loopDelay } from '../runtime/loop-delay.ts'
import { ANSWER_MS, type Answer, askNode } from './node-question.ts'

/** A judge whose own loop stood still for longer than this, lately, waits for another round. */
const OWN_DELAY_MS = 500
/** A node that lives without its database keeps its jobs for so long; afterwards they are done twice rather than never. */
const KEEP_JOBS_MS = 30_000
const TIDY_EVERY = 3
/** The heartbeat is answered meanwhile, so that the database is there; a slow one is not to be taken for a broken network. */
const TAKE_OVER_MS = 10_000
/** An address that leads to another node may only be a wrong one. */
const MISSED_BEAT_MS = 1.5 * BEAT_MS

export type NodeWatchOptions = {
  registry: NodeRegistry
  /**
   * Some nodes are gone for good; their jobs are freed and they are listed no more. Also called when there is no news, and
   * not while it is under way.
   */
  onGone: () => Promise<void>
  /** It has taken longer than any of its statements may: the connections that it waits for lead nowhere. */
  onStuck: (ms: number) => void
  /** This node is there and answers nobody. Called again every ten seconds while that is so. */
  onUnresponsive: (nodeId: string) => Promise<void>
  ask?: (suspect: Suspect) => Promise<Answer>
  log: Logger
}

type Verdict = 'gone' | 'unresponsive' | 'out of touch' | 'well'

/**
 * Looks after the other nodes. One whose heartbeat is late, or whose session PostgreSQL has not, is asked directly: only
 * when the database *and* the node itself say so is it taken for gone or hung.
 */
export class NodeWatch {
  readonly #options: Required<NodeWatchOptions>
  readonly #asking = new Map<string, Promise<void>>()
  /** What was last said of each node that is not well. */
  readonly #told = new Map<string, Verdict>()
  #session: OwnSession | null = null
  #looks = 0
  #takingOver: Promise<void> | null = null

  constructor(options: NodeWatchOptions) {
    this.#options = { ask: askNode, ...options }
  }

  /**
   * To be called after each heartbeat of this node's own: one that cannot write judges nobody. It waits for that session
   * alone, since the next heartbeat waits for it: others may never be answered.
   */
  async look(session: OwnSession): Promise<void> {
    this.#session = session
    const { registry } = this.#options
    const suspects = await registry.suspects(session)
    for (const id of this.#told.keys()) if (!suspects.some((suspect) => suspect.id === id)) this.#well(id)
    for (const suspect of suspects) this.#examine(suspect)
    if (this.#looks++ % TIDY_EVERY > 0) return
    await registry.tidy(session)
    void this.#takeOver()
  }

  /** Resolves when every question under way is answered. */
  async settled(): Promise<void> {
    await Promise.all([...this.#asking.values(), this.#takingOver])
  }

  #takeOver(): Promise<void> {
    this.#takingOver ??= this.#takeOverNow().finally(() => {
      this.#takingOver = null
    })
    return this.#takingOver
  }

  async #takeOverNow(): Promise<void> {
    const { onGone, onStuck, log } = this.#options
    const cancel = loopDelay.after(TAKE_OVER_MS, () => onStuck(TAKE_OVER_MS))
    await onGone()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'what waits for nodes that are gone is tried again'),
      )
      .finally(cancel)
  }

  #examine(suspect: Suspect): void {
    if (this.#asking.has(suspect.id)) return
    const examined = this.#ask(suspect)
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'a node could not be judged'))
      .finally(() => this.#asking.delete(suspect.id))
    this.#asking.set(suspect.id, examined)
  }

  async #ask(suspect: Suspect): Promise<void> {
    const { ask, registry } = this.#options
    const askedAt = performance.now()
    const answer = await ask(suspect)
    const span = performance.now() - askedAt + ANSWER_MS
    if (loopDelay.lateWithin(span) > OWN_DELAY_MS || this.#session === null) return
    const now = await registry.suspect(suspect.id, this.#session)
    if (now) await this.#carryOut(now, verdictOn(now, answer), this.#session)
  }

  async #carryOut({ id, silentMs }: Suspect, verdict: Verdict, session: OwnSession): Promise<void> {
    const { registry, onUnresponsive, log } = this.#options
    const said = { node: id, silentMs }
    const isNews = this.#told.get(id) !== verdict
    if (verdict === 'gone') {
      if (!(await registry.remove(id, session))) return
      log.warn(said, 'a node is gone; its jobs and bridges are taken over')
      // One that is under way may have looked before.
      await this.#takingOver
      return this.#takeOver()
    }
    if (verdict === 'well') return
    this.#told.set(id, verdict)
    if (verdict === 'unresponsive') {
      if (isNews) log.warn(said, 'a node answers nobody; its jobs are freed and its calls led to others')
      if (await registry.claimSilent(id, session)) await onUnresponsive(id)
      return
    }
    if (isNews) log.warn(said, 'a node does not reach the database, but it answers: its calls are left to it')
    if ((silentMs ?? 0) > KEEP_JOBS_MS) await registry.claimSilent(id, session)
  }

  #well(id: string): void {
    this.#told.delete(id)
    this.#options.log.info({ node: id }, 'a node is in touch again, or gone')
  }
}

/** A version that writes no heartbeat shows by its session alone that it lives. */
function verdictOn({ silentMs, hasSession }: Suspect, answer: Answer): Verdict {
  const isOverdue = silentMs === null ? !hasSession : silentMs >= TIME_OUT_MS
  switch (answer) {
    case 'refused':
      return isOverdue || !hasSession ? 'gone' : 'well'
    case 'replaced':
      return isOverdue || (!hasSession && (silentMs ?? 0) > MISSED_BEAT_MS) ? 'gone' : 'well'
    case 'unasked':
      return isOverdue && !hasSession ? 'gone' : 'well'
    case 'silent':
      return isOverdue ? 'unresponsive' : 'well'
    case 'here':
      return isOverdue ? 'out of touch' : 'well'
  }
}
