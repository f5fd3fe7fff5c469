import type { Config } from '../config/config.ts'
import type { Health } from '../http/health/health-routes.ts'
import type { CallQueries } from '../persistence/call-queries.ts'
import type { TrunkStore } from '../persistence/trunk-store.ts'
import { withTimeout } from '../runtime/with-timeout.ts'
import type { NodeLife } from './node-life.ts'
import type { VendorHealth } from './vendor-health.ts'

/** A database that takes longer than this for a count would keep callers waiting, too. */
const DATABASE_PATIENCE_MS = 2_000

export type NodeHealthParts = {
  config: Config
  queries: Pick<CallQueries, 'countInCapacity'>
  trunks: Pick<TrunkStore, 'count'>
  node: NodeLife
  vendors: VendorHealth
  /** What the SIP legs of this process say of themselves; null while there are none. */
  sip: () => string | null
  isDraining: () => boolean
}

/** Whether this process can take calls, and what is wrong with whatever they need. */
export class NodeHealth {
  readonly #parts: NodeHealthParts

  constructor(parts: NodeHealthParts) {
    this.#parts = parts
  }

  async read(): Promise<Health> {
    const { node, vendors, isDraining } = this.#parts
    const active = await this.#countCalls()
    const database = this.#database(active)
    const isUsable = active !== null && FAULTS[database] === undefined
    const sip = isUsable ? await this.#sipHealth() : 'unknown'
    return {
      status: isDraining() ? 'draining' : (FAULTS[database] ?? this.#status(active ?? 0, sip)),
      database,
      ...(await vendors.read()),
      sip,
      trunks: isUsable ? await this.#trunks() : 'unknown',
      node: node.heartbeat.standing,
      clock: node.heartbeat.clock.verdict,
    }
  }

  /** A heartbeat proves that calls can be written, the listener's own that what others say of them is heard. */
  #database(active: number | null): string {
    const { node } = this.#parts
    if (node.heartbeat.fault !== null) return node.heartbeat.fault
    if (active === null) return 'unreachable'
    if (!node.hearsOthers) return 'deaf'
    return node.takesJobs ? 'ok' : 'jobs are not taken'
  }

  #status(active: number, sip: string): string {
    const { calls, roles } = this.#parts.config
    if (active >= calls.maxConcurrent) return 'full'
    // Without webhooks, a process that holds legs takes calls when those can come in.
    const isForLegsAlone = roles.includes('sip') && !roles.includes('web')
    return isForLegsAlone && sip !== 'disabled' ? sip : 'ok'
  }

  /** Those that take a place; null when the database does not answer in time. */
  async #countCalls(): Promise<number | null> {
    const counting = this.#parts.queries.countInCapacity()
    return withTimeout(DATABASE_PATIENCE_MS, counting, 'The database is too slow.').catch(() => null)
  }

  /** A provider that is away keeps nobody else's calls out: it makes no node unfit. */
  async #trunks(): Promise<string> {
    const { config, trunks } = this.#parts
    if (!config.sip.enabled) return 'disabled'
    const counting = withTimeout(DATABASE_PATIENCE_MS, trunks.count(), 'The database is too slow.')
    const counts = await counting.catch(() => null)
    if (counts === null) return 'unknown'
    const { all, inTrouble } = counts
    if (inTrouble > 0) return `${inTrouble} of ${all} cannot be reached or registered`
    return all === 0 ? 'none' : 'ok'
  }

  /** Of legs that another process holds, only that it is there. */
  async #sipHealth(): Promise<string> {
    const { config, node, sip } = this.#parts
    if (!config.sip.enabled) return 'disabled'
    if (config.roles.includes('sip')) return sip() ?? 'starting'
    return (await node.registry.hasRole('sip')) ? 'ok' : 'no process holds SIP legs'
  }
}

/** What is said of the database while no call can be taken for it, and what that makes of the whole. */
const FAULTS: Record<string, string> = {
  unreachable: 'database unreachable',
  'read-only': 'database takes no writes',
  full: 'database takes no writes',
  deaf: 'deaf',
}
