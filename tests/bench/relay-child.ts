import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/*
 * How the bench's processes talk: the parent asks, the child answers. A child that serves is asked for its processor
 * time, since only it can know.
 */

/** Processor time since the process began, in milliseconds. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Answers what the parent asks by name, until it lets go. */
export function answer(questions: Record<string, (argument: unknown) => unknown>): void {
  process.on('message', async ({ ask, argument }: { ask: string; argument: unknown }) => {
    process.send?.({ reply: await questions[ask]?.(argument) })
  })
  process.on('disconnect', () => process.exit(0))
}

/** A process of the bench; it is asked one thing at a time. */
export class Child {
  readonly #process: ChildProcess
  #waiting = Promise.withResolvers<unknown>()

  /** `flags` are for Node itself. */
  constructor(file: string, args: string[] = [], flags: string[] = []) {
    this.#process = fork(new URL(file, import.meta.url), args, { execArgv: flags })
    this.#process.on('message', ({ reply }: { reply: unknown }) => this.#waiting.resolve(reply))
    this.#process.on('exit', (code) => this.#waiting.reject(new Error(`${file} ended with ${code}.`)))
  }

  ask<Reply>(question: string, argument?: unknown): Promise<Reply> {
    this.#waiting = Promise.withResolvers<unknown>()
    this.#process.send({ ask: question, argument })
    return this.#waiting.promise as Promise<Reply>
  }

  async stop(): Promise<void> {
    this.#waiting.promise.catch(() => {})
    const exit = once(this.#process, 'exit')
    this.#process.disconnect()
    await exit
  }
}
