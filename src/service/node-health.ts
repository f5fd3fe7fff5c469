import type { Config } from '../config.ts'
import type { Health } from '../http/health-routes.ts'
import type { CallQueries } from '../persistence/call-queries.ts'
import { within } from '../within.ts'
import type { NodeLife } from './node-life.ts'
import type { VendorHealth } from './vendor-health.ts'

/** A database that takes longer than this for a count would keep callers waiting, too. */
const DATABASE_PATIENCE_MS = 2_000

export type NodeHealthParts = {
  config: Config
  queries: Pick<CallQueries, 'countByState'>
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
    const counted = await this.#countCalls()
    const active = node.hearsOthers ? counted : null
    const sip = active === null ? 'unknown' : await this.#sipHealth()
    return {
      status: isDraining() ? 'draining' : this.#status(active, sip),
      database: active === null ? 'unreachable' : node.takesJobs ? 'ok' : 'jobs are not taken',
      ...(await vendors.read()),
      sip,
    }
  }

  #status(active: number | null, sip: string): string {
    const { calls, roles } = this.#parts.config
    if (active === null) return 'database unreachable'
    if (active >= calls.maxConcurrent) return 'full'
    // Without webhooks, a process that holds legs takes calls when those can come in.
    const isForLegsAlone = roles.includes('sip') && !roles.includes('web')
    return isForLegsAlone && sip !== 'disabled' ? sip : 'ok'
  }

  /** Those that take a line; null when the database does not answer in time. */
  async #countCalls(): Promise<number | null> {
    const counting = this.#parts.queries
      .countByState()
      .then((rows) =>
        rows.filter(({ state }) => state !== 'rejected').reduce((sum, row) => sum + row.count, 0),
      )
    return within(DATABASE_PATIENCE_MS, counting, 'The database is too slow.').catch(() => null)
  }

  /** Of legs that another process holds, only that it is there. */
  async #sipHealth(): Promise<string> {
    const { config, node, sip } = this.#parts
    if (!config.sip.enabled) return 'disabled'
    if (config.roles.includes('sip')) return sip() ?? 'starting'
    return (await node.registry.hasRole('sip')) ? 'ok' : 'no process holds SIP legs'
  }
}
