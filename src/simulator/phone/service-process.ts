import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fileOfService } from './data-folder.ts'

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url))

/** The first start on a machine creates a database, which a slow disk may take a minute for. */
const START_TIMEOUT_MS = 120_000
const HEALTH_TIMEOUT_MS = 2000
const HEALTH_INTERVAL_MS = 200
/** The service that runs with a data folder keeps its origin there. */
const ORIGIN_FILE = 'origin'
/** What a service says of its health; whatever else answers there is none. */
const HEALTH_STATUSES = [200, 503]
/** Live calls may end first; after that it is killed. */
const STOP_TIMEOUT_MS = 40_000
/** Enough of what a service that does not start had to say. */
const KEPT_OUTPUT = 4000

/** The service does not answer and could not be started; the message says why. */
export class ServiceUnavailable extends Error {
  override readonly name = 'ServiceUnavailable'
}

export type ServiceHandle = {
  /** Where it is. */
  readonly url: URL
  /** Stops the service if it was started here. */
  stop(): Promise<void>
}

const notOurs = (url: URL): ServiceHandle => ({ url, stop: async () => {} })

export type ServiceStart = {
  env: NodeJS.Dict<string>
  print: (line: string) => void
  signal: AbortSignal
  main?: string
}

/** Finds the service at the URL. Rejects with ServiceUnavailable. */
export async function findService(url: URL): Promise<ServiceHandle> {
  if ((await healthOf(url)) !== null) return notOurs(url)
  const mend = 'start it there, or leave --url out to have one started here'
  throw new ServiceUnavailable(`Nobody answers at ${url.origin}: ${mend}.`)
}

/**
 * Finds the service of these settings on this machine, or starts one at this URL. A second one beside it, on the same data
 * folder, would have simulated vendors of its own, which know nothing of the other's calls. Rejects with ServiceUnavailable.
 */
export async function ensureService(url: URL, start: ServiceStart): Promise<ServiceHandle> {
  const kept = await keptService(start.env)
  // A PORT that was set is meant; the default is only a guess.
  if (kept && (!start.env.PORT?.trim() || (await healthOf(url)) === null)) {
    if (kept.origin !== url.origin) start.print(`The service of this data folder runs at ${kept.origin}.`)
    return notOurs(kept)
  }
  if ((await healthOf(url)) !== null) return notOurs(url)
  start.print(`Nobody answers at ${url.origin}: starting a service there.`)
  const service = new ServiceProcess(url, start)
  try {
    await service.healthy(start.signal)
  } catch (error) {
    await service.stop()
    throw error
  }
  return service
}

/** The service that left word in the data folder of where it is, if it is there still: one that crashed took nothing back. */
async function keptService(env: NodeJS.Dict<string>): Promise<URL | null> {
  const text = await readFile(fileOfService(ORIGIN_FILE, env), 'utf8').catch(() => '')
  const url = URL.parse(text.trim())
  const status = url && (await healthOf(url))
  return status && HEALTH_STATUSES.includes(status) ? url : null
}

/** A service that runs for as long as this command needs it. */
class ServiceProcess implements ServiceHandle {
  readonly url: URL
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  #output = ''

  constructor(url: URL, { env, main = MAIN }: ServiceStart) {
    this.url = url
    // In a group of its own, so that Ctrl-C ends the call first and the service after it.
    this.#child = spawn(process.execPath, [main], {
      env: { ...env, HOST: url.hostname.replace(/^\[(.*)\]$/, '$1'), PORT: url.port || '80' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#exited = once(this.#child, 'exit').catch(() => {})
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (data: Buffer) => {
        this.#output = (this.#output + data).slice(-KEPT_OUTPUT)
      })
    process.once('exit', this.#kill)
  }

  /** Resolves when calls can be taken. */
  async healthy(signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS
    while ((await healthOf(this.url)) !== 200) {
      if (signal.aborted) throw new ServiceUnavailable('Interrupted before the service was ready.')
      if (this.#hasExited) throw new ServiceUnavailable(`The service did not start:\n${this.#output}`)
      if (Date.now() > deadline)
        throw new ServiceUnavailable(
          `The service took more than ${START_TIMEOUT_MS / 1000} s to start.\n${this.#output}`,
        )
      await wait(HEALTH_INTERVAL_MS)
    }
  }

  async stop(): Promise<void> {
    if (!this.#hasExited) this.#child.kill('SIGTERM')
    const alarm = setTimeout(this.#kill, STOP_TIMEOUT_MS)
    await this.#exited
    clearTimeout(alarm)
    process.off('exit', this.#kill)
  }

  get #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined
  }

  readonly #kill = () => {
    this.#child.kill('SIGKILL')
  }
}

/** The HTTP status of the service's health, null when nobody answers. */
async function healthOf(url: URL): Promise<number | null> {
  try {
    const answer = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })
    await answer.body?.cancel()
    return answer.status
  } catch {
    return null
  }
}
