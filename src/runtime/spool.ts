import { randomUUID } from 'node:crypto'
import { readSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * What clients upload, without holding it in memory or any caller up: it is written and read in pieces, each of which takes
 * this thread a millisecond or two.
 */

export const PIECE_BYTES = 64 * 1024
/** Up to this, a file costs more than it saves. */
const SMALL_BYTES = 128 * 1024

/** Bytes that are read in pieces, as often as anybody likes. */
export interface Content {
  readonly size: number
  /** A piece is over when the next one is asked for: it may be read into the same memory. */
  pieces(): AsyncIterable<Buffer>
}

/** What is small enough to be in memory, so. */
export const contentOf = (bytes: Buffer) => ({
  size: bytes.length,
  inMemory: bytes,
  file: null,
  pieces: () => inPieces(bytes),
})

/** A file as another thread of this process takes it. */
export type OpenFile = { fd: number; size: number }

/** A temporary file whose name is gone as soon as it is open, so that a killed process leaves nothing behind. */
export class NamelessFile {
  readonly #handle: FileHandle

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  static async open(): Promise<NamelessFile> {
    const path = join(tmpdir(), `precall-${randomUUID()}`)
    const handle = await open(path, 'wx+', 0o600)
    await unlink(path)
    return new NamelessFile(handle)
  }

  get fd(): number {
    return this.#handle.fd
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, position + at)
      at += bytesWritten
    }
  }

  /** All in the same memory, which nobody has to collect while callers wait. */
  async *pieces(size: number): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size))
    for (let at = 0; at < size; ) {
      const length = Math.min(PIECE_BYTES, size - at)
      const { bytesRead } = await this.#handle.read(buffer, 0, length, at)
      if (bytesRead === 0) throw new Error(`A temporary file ends after ${at} of its ${size} bytes.`)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The whole of a file, for a thread that nobody waits for. */
export function readWhole({ fd, size }: OpenFile): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let at = 0; at < size; ) {
    const read = readSync(fd, bytes, at, size - at, at)
    if (read === 0) throw new Error(`A temporary file ends after ${at} of its ${size} bytes.`)
    at += read
  }
  return bytes
}

/** An upload that comes in: in memory while it is small, then in a file. To be closed by whoever made it. */
export class Spool implements Content {
  #chunks: Buffer[] = []
  #size = 0
  #file: NamelessFile | null = null
  #isClosed = false

  static async of(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<Spool> {
    const spool = new Spool()
    for await (const chunk of chunks) await spool.add(chunk)
    return spool
  }

  get size(): number {
    return this.#size
  }

  /** The whole of a small one; null when it is in the file. */
  get inMemory(): Buffer | null {
    return this.#file ? null : Buffer.concat(this.#chunks)
  }

  /** The file of a large one; null when it is in memory. */
  get file(): OpenFile | null {
    return this.#file && { fd: this.#file.fd, size: this.#size }
  }

  /** To be awaited before the next one. Rejects when it is closed meanwhile. */
  async add(chunk: Buffer): Promise<void> {
    if (!this.#file && this.#size + chunk.length > SMALL_BYTES) await this.#moveToFile()
    if (this.#isClosed) throw new Error('The upload was given up.')
    if (this.#file) await this.#file.write(chunk, this.#size)
    else this.#chunks.push(chunk)
    this.#size += chunk.length
  }

  pieces(): AsyncIterable<Buffer> {
    return this.#file ? this.#file.pieces(this.#size) : inPieces(Buffer.concat(this.#chunks))
  }

  async #moveToFile(): Promise<void> {
    const file = await NamelessFile.open()
    if (this.#isClosed) return file.close()
    this.#file = file
    await file.write(Buffer.concat(this.#chunks.splice(0)), 0)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#chunks = []
    const file = this.#file
    this.#file = null
    await file?.close()
  }
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}
