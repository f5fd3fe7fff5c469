import { basename, dirname, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import type { DestinationStream } from 'pino'
import { createStream } from 'rotating-file-stream'

/** Together the files of one log take at most 120 MB, which is days of a busy node and no threat to its disk. */
const FILE_SIZE = '20M'
const OLD_FILES = 5
/** Others on this machine have no business with what callers do. */
const OWNER_ALONE = 0o600

const RETRY_MS = 5_000
/** A disk that hangs must not fill the memory: what comes beyond this is lost, too. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024

export type LogFileOptions = {
  retryMs?: number
  /** Told once when the file fails, and once when it is written again. */
  tell?: (line: string) => void
  open?: (path: string) => Writable
}

/**
 * A log file that is rotated by size. When it cannot be written, as on a full disk, lines are lost and counted; it is tried
 * again until it can, and then says how many are missing.
 */
export class LogFile implements DestinationStream {
  readonly #path: string
  readonly #options: Required<LogFileOptions>
  #stream: Writable | null
  #lost = 0
  #retry: NodeJS.Timeout | null = null

  constructor(path: string, options: LogFileOptions = {}) {
    this.#path = resolve(path)
    const tell = (line: string) => void process.stderr.write(`${line}\n`)
    this.#options = { retryMs: RETRY_MS, tell, open: openRotating, ...options }
    this.#stream = this.#open()
  }

  write(line: string): void {
    if (!this.#stream || this.#stream.writableLength > MOST_WAITING_BYTES) this.#lost++
    else this.#stream.write(line, this.#count)
  }

  /** Resolves when all that can be written has been. */
  close(): Promise<void> {
    if (this.#retry) clearInterval(this.#retry)
    const stream = this.#stream
    if (!stream) return Promise.resolve()
    return new Promise((closed) => {
      stream.once('error', () => closed())
      stream.end(closed)
    })
  }

  readonly #count = (error: Error | null | undefined): void => {
    if (error) this.#lost++
  }

  #open(): Writable {
    const stream = this.#options.open(this.#path)
    stream.on('error', (error) => this.#failed(stream, error))
    return stream
  }

  #failed(stream: Writable, error: Error): void {
    if (this.#stream !== stream) return
    this.#stream = null
    const { tell, retryMs } = this.#options
    tell(`LOG_FILE: ${this.#path} cannot be written (${error.message}); lines are lost until it can`)
    this.#retry = setInterval(() => this.#tryAgain(), retryMs)
    this.#retry.unref()
  }

  /** The first line tells by itself whether there is space again. It begins anew after one that was cut off. */
  #tryAgain(): void {
    const stream = this.#options.open(this.#path)
    stream.on('error', (error) => this.#failed(stream, error))
    const lost = this.#lost
    stream.write(`\n${missingLine(lost)}\n`, (error) => {
      if (error || this.#stream) return void stream.destroy()
      if (this.#retry) clearInterval(this.#retry)
      this.#stream = stream
      this.#options.tell(`LOG_FILE: ${this.#path} is written again; ${lost} lines are missing`)
      this.#lost -= lost
    })
  }
}

const missingLine = (lost: number) =>
  JSON.stringify({
    level: 'warn',
    time: new Date().toISOString(),
    lost,
    msg: 'the log file could not be written; lines are missing here',
  })

function openRotating(path: string): Writable {
  return createStream(basename(path), {
    path: dirname(path),
    size: FILE_SIZE,
    rotate: OLD_FILES,
    mode: OWNER_ALONE,
  })
}
