import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../src/runtime/free-port.ts'

/** A start takes a second or two; on a machine that many share, as long as a minute. */
const START_TIMEOUT_MS = 90_000
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** While coverage is counted, a process tells what it has run before it is killed. */
const IS_COUNTED = process.env.NODE_V8_COVERAGE !== undefined
const FLAGS = IS_COUNTED ? ['--import', new URL('./told-before-kill.ts', import.meta.url).href] : []
/** One that stands still tells nothing. */
const TELLING_MS = 3_000

/** The real service as a process of its own, so that it can be killed as processes are. */
export class ServiceProcess {
  readonly origin: string
  readonly #env: Record<string, string>
  readonly #main: string
  #child: ChildProcess | null = null
  output = ''

  private constructor(port: number, env: Record<string, string>, main: string) {
    this.#main = main
    this.origin = `http://127.0.0.1:${port}`
    const { NODE_COMPILE_CACHE = '' } = process.env
    this.#env = { NODE_COMPILE_CACHE, ...env, PORT: `${port}`, HOST: '127.0.0.1' }
  }

  /**
   * Starts with exactly these settings; the port is a free one and stays the same when it is started again. `main` is the
   * program, of this source tree by default.
   */
  static async start(env: Record<string, string>, main = MAIN): Promise<ServiceProcess> {
    const service = new ServiceProcess(await freePort(), env, main)
    await service.start()
    return service
  }

  /** Resolves when calls can be taken; `settings` are those of this start alone, over those of all. */
  async start(settings: Record<string, string> = {}): Promise<void> {
    const env = { ...this.#env, ...settings }
    const child = spawn(process.execPath, [...FLAGS, this.#main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk
      })
    }
    this.#child = child
    const deadline = Date.now() + START_TIMEOUT_MS
    while (!(await this.isHealthy())) {
      if (child.exitCode !== null || Date.now() > deadline) {
        // Nobody else would end a process that runs and does not answer.
        await this.kill()
        throw new Error(`The service did not start:\n${this.output}`)
      }
      await sleep(50)
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async isHealthy(): Promise<boolean> {
    const response = await fetch(`${this.origin}/health`).catch(() => null)
    return response?.status === 200
  }

  /** How the process ended: its exit code, or the signal that killed it; null while it runs. */
  get ended(): number | NodeJS.Signals | null {
    return this.#child?.exitCode ?? this.#child?.signalCode ?? null
  }

  /** As a crash would: no word to anyone. */
  async kill(): Promise<void> {
    if (!IS_COUNTED) return void (await this.#end('SIGKILL'))
    const late = setTimeout(() => this.signal('SIGKILL'), TELLING_MS)
    await this.#end('SIGUSR2')
    clearTimeout(late)
  }

  /** As an orchestrator would. Resolves with the exit code. */
  async terminate(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  /** Sends the signal and goes on at once. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  async exit(): Promise<number | null> {
    const child = this.#child
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child?.exitCode ?? null
  }

  #end(signal: NodeJS.Signals): Promise<number | null> {
    this.signal(signal)
    return this.exit()
  }
}
