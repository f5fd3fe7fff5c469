import type { Logger } from 'pino'
import type { TrunkRegister, TrunkSettings } from '../../../calls/trunk-ports.ts'
import { withTimeout } from '../../../runtime/with-timeout.ts'
import type { HostResolver } from './host-resolver.ts'
import { hostsOf, isName, type TrunkDirectory } from './trunk-directory.ts'
import type { TrunkKeeper } from './trunk-keeper.ts'

/** An operator who has changed a trunk tries it out as soon as the page says that it is kept. */
const LOOK_MS = 1_000
/** SIP is not taken before the trunks are known, which must not keep the phones of others waiting for long. */
const FIRST_LOOK_MS = 3_000

export type TrunkWatchOptions = {
  register: TrunkRegister
  resolver: HostResolver
  directory: TrunkDirectory
  keeper: TrunkKeeper
  log: Logger
}

/** Keeps the directory as the database and the DNS have it; while either is away, as it was. */
export class TrunkWatch {
  readonly #options: TrunkWatchOptions
  #trunks: readonly TrunkSettings[] = []
  #isFailing = false
  #next: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: TrunkWatchOptions) {
    this.#options = options
  }

  /** Those that are enabled, as last read. */
  get trunks(): readonly TrunkSettings[] {
    return this.#trunks.filter(({ enabled }) => enabled)
  }

  /** Resolves when calls of the stored trunks are known as theirs, or after a few seconds. */
  async start(): Promise<void> {
    this.#look()
    await withTimeout(FIRST_LOOK_MS, this.#looking, '').catch(() => {})
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#next) clearTimeout(this.#next)
    await withTimeout(FIRST_LOOK_MS, this.#looking, '').catch(() => {})
    await this.#options.keeper.stop()
  }

  #look(): void {
    this.#looking = this.#read()
    void this.#looking.then(() => {
      if (!this.#isStopped) this.#next = setTimeout(() => this.#look(), LOOK_MS)
    })
  }

  async #read(): Promise<void> {
    const { register, resolver, directory, keeper, log } = this.#options
    try {
      this.#trunks = await register.list()
      // Addresses do not wait for names.
      this.#publish(directory, resolver)
      await resolver.refresh(this.trunks.flatMap(hostsOf).filter(isName))
      this.#publish(directory, resolver)
      if (!this.#isStopped) await keeper.look(this.trunks)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) log.warn({ err: error }, 'the trunks could not be read; those known are kept')
      this.#isFailing = true
    }
  }

  #publish(directory: TrunkDirectory, resolver: HostResolver): void {
    directory.replace(this.#trunks, (host) => resolver.resolved(host).addresses)
  }
}
