import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { TrunkName, TrunkRegister, TrunkSettings } from '../../../calls/trunk-ports.ts'
import { withTimeout } from '../../../runtime/with-timeout.ts'
import type { Srf } from '../drachtio.ts'
import { type HostResolver, hostOf } from './host-resolver.ts'
import { Registration } from './registration.ts'
import { ServerProbe } from './server-probe.ts'
import { hostsOf, isName } from './trunk-directory.ts'

/** Who stops does not wait for a database that hangs. */
const LEAVE_MS = 2_000
/** A node that hangs keeps its trunks for so long; one that is gone is noticed sooner. */
const LEASE_MS = 10_000

export type TrunkKeeperOptions = {
  srf: Srf
  register: TrunkRegister
  /** Whether drachtio-server is there to send anything. */
  canSend: () => boolean
  resolver: HostResolver
  log: Logger
}

/** What this node does for a trunk that it keeps. */
type Kept = {
  trunk: TrunkSettings
  registration: Registration | null
  probe: ServerProbe | null
  names: TrunkName[]
}

/**
 * Registers trunks and asks for their servers: each trunk by one of all nodes, since two that register one address would take it
 * from each other. Whoever cannot tell the database that it lives gives its trunks up when its time is over.
 */
export class TrunkKeeper {
  readonly #options: TrunkKeeperOptions
  readonly #kept = new Map<string, Kept>()
  #keptUntil = 0
  #isStopped = false

  constructor(options: TrunkKeeperOptions) {
    this.#options = options
  }

  /** To be called again and again, with the trunks that are enabled. Rejects when the database is away. */
  async look(trunks: readonly TrunkSettings[]): Promise<void> {
    if (!this.#options.canSend()) return this.#leaveToOthers()
    if (trunks.length === 0 && this.#kept.size === 0) return
    const askedAt = performance.now()
    try {
      const known = trunks.map(({ id }) => id)
      const ids = new Set(await this.#options.register.keep(known, LEASE_MS))
      // What was taken while this node stopped is left again by the end of the lease.
      if (this.#isStopped) return
      this.#keptUntil = askedAt + LEASE_MS
      // What another node keeps now is registered by that one, as which it would be taken back.
      await this.#giveUp((id) => !ids.has(id) && trunks.some((trunk) => trunk.id === id), false)
      await this.#giveUp((id) => !ids.has(id))
      for (const trunk of trunks) if (ids.has(trunk.id)) await this.#keep(trunk)
    } catch (error) {
      if (performance.now() > this.#keptUntil) await this.#giveUp(() => true, false)
      throw error
    }
  }

  /** What is kept is registered anew, by whoever can reach its provider first. */
  async #leaveToOthers(): Promise<void> {
    if (this.#kept.size === 0) return
    await this.#giveUp(() => true, false)
    await this.#options.register.leave()
  }

  /** Leaves the trunks to the other nodes; where there are none, providers are told that nobody takes their calls. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const leaving = withTimeout(LEAVE_MS, this.#options.register.leave(), '')
    // While the database is away nobody else can have them; who wakes without it knows of no other node.
    const hasOthers = await leaving.catch(() => true)
    await this.#giveUp(() => true, !hasOthers)
  }

  /** A trunk that was changed begins anew: a person waits for it. */
  async #keep(trunk: TrunkSettings): Promise<void> {
    const known = this.#kept.get(trunk.id)
    if (known && !isDeepStrictEqual(sentTo(known.trunk), sentTo(trunk)))
      await this.#giveUp((id) => id === trunk.id)
    const kept = this.#kept.get(trunk.id) ?? this.#begin(trunk)
    const names = namesOf(trunk, this.#options.resolver)
    if (isDeepStrictEqual(names, kept.names)) return
    kept.names = names
    await this.#options.register.tellNames(trunk.id, names)
  }

  #begin(trunk: TrunkSettings): Kept {
    const { srf, register, log } = this.#options
    const { id, server, registration, optionsSeconds } = trunk
    const told = (telling: Promise<void>) =>
      void telling.catch((error: unknown) =>
        log.warn({ err: error, trunk: trunk.name }, 'how a trunk is doing could not be written down'),
      )
    const kept: Kept = {
      trunk,
      registration:
        registration &&
        new Registration({
          srf,
          log,
          trunk: { ...trunk, registration },
          tell: (news) => told(register.tellRegistration(id, news)),
        }),
      probe:
        server !== null && optionsSeconds !== null
          ? new ServerProbe({
              srf,
              trunk: { ...trunk, optionsSeconds },
              tell: (news) => told(register.tellServer(id, news)),
            })
          : null,
      names: [],
    }
    this.#kept.set(id, kept)
    kept.registration?.start()
    kept.probe?.start()
    return kept
  }

  async #giveUp(isOver: (id: string) => boolean, takesBack = true): Promise<void> {
    const over = [...this.#kept].filter(([id]) => isOver(id))
    for (const [id, { probe }] of over) {
      this.#kept.delete(id)
      probe?.stop()
    }
    await Promise.all(over.map(([, { registration }]) => registration?.stop({ takesBack })))
  }
}

/** What of a trunk makes a difference to whom it is registered with, and how. */
const sentTo = ({ server, transport, registration, optionsSeconds }: TrunkSettings) => ({
  server,
  transport,
  registration,
  optionsSeconds,
})

const namesOf = (trunk: TrunkSettings, resolver: HostResolver): TrunkName[] =>
  hostsOf(trunk)
    .filter((host) => isName(hostOf(host).host))
    .map((name) => ({ name, ...resolver.resolved(name) }))
