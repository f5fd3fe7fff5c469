import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RAW_RATES = [8000, 16_000, 24_000, 32_000, 48_000, 64_000]

let filesWritten = 0

/** What `playAudio` leaves on the disk for the app to play; it goes when the fork ends. */
export class ForkFiles {
  readonly #uuid: string
  readonly #files: string[] = []

  constructor(uuid: string) {
    this.#uuid = uuid
  }

  /** Writes the audio of a message and returns the file's path; null when the message has no audio that is known. */
  write({ audioContent, audioContentType, sampleRate }: Record<string, unknown>): string | null {
    const ending = fileEnding(audioContentType, sampleRate)
    if (typeof audioContent !== 'string' || !ending) return null
    const file = join(tmpdir(), `${this.#uuid}_${filesWritten++}.tmp${ending}`)
    // At once, so that what is told of files keeps their order.
    writeFileSync(file, Buffer.from(audioContent, 'base64'))
    this.#files.push(file)
    return file
  }

  remove(): void {
    for (const file of this.#files.splice(0)) rmSync(file, { force: true })
  }
}

/** Raw samples are known by the file's ending; a rate that has none is taken for 16 kHz. */
function fileEnding(contentType: unknown, sampleRate: unknown): string | null {
  if (contentType === 'wav' || contentType === 'wave') return '.wav'
  if (contentType !== 'raw') return null
  return RAW_RATES.includes(Number(sampleRate)) ? `.r${Number(sampleRate) / 1000}` : '.r16'
}
