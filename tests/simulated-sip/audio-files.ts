import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeMuLawWav } from '../../src/audio/wav.ts'

/** Mu-law for a loud, constant sample: what it decodes to tells it from silence. */
const LOUD = 0x10
const BYTES_PER_MS = 8

/** Serves `/300.wav`, a sound of 300 ms, and any other length; anything else is not found. */
export class AudioFiles {
  /** What was asked for. */
  readonly requests: string[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async serve(): Promise<AudioFiles> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const files = new AudioFiles(server)
    server.on('request', ({ url = '' }, response) => {
      files.requests.push(url)
      const milliseconds = Number(/^\/(\d+)\.wav/.exec(url)?.[1] ?? 0)
      if (milliseconds === 0) response.writeHead(404).end()
      else
        response
          .setHeader('Content-Type', 'audio/wav')
          .end(writeMuLawWav(Buffer.alloc(milliseconds * BYTES_PER_MS, LOUD)))
    })
    return files
  }

  /** Asked for once, not twice as FreeSWITCH does where nothing is said. */
  url(milliseconds: number, query = ''): string {
    return `http://(nohead=true)${this.#host}/${milliseconds}.wav${query}`
  }

  plainUrl(path: string): string {
    return `http://${this.#host}${path}`
  }

  get #host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** How many milliseconds of what was heard were not silent. */
export function loudMs(heard: Int16Array): number {
  return heard.filter((sample) => Math.abs(sample) > 1000).length / BYTES_PER_MS
}
