import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { expect, vi } from 'vitest'
import { newRelayCounts } from '../../src/media/media-metrics.ts'
import { MediaServer, type MediaServerOptions } from '../../src/media/media-server.ts'
import { TwilioMediaStream } from '../../src/telephony/twilio/media-stream.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { Carrier } from './carrier.ts'
import { ChartCalls } from './chart-calls.ts'
import { FakeAgent } from './fake-agent.ts'

export const SILENCE_TIMEOUT_MS = 20_000

/** The real media server on a real HTTP server, with a call, an agent and time that the test holds in its hand. */
export class Relay {
  readonly calls = new ChartCalls()
  readonly agent = new FakeAgent()
  readonly clock = new ManualClock()
  readonly counts = newRelayCounts()
  readonly relayDelays: number[] = []
  readonly bargeIns: number[] = []
  readonly logLines: string[] = []
  /** The legs that were ended without their calls. */
  readonly hungUp: string[] = []
  readonly media: MediaServer
  readonly http: Server = createServer((_request, response) => response.end())
  readonly #carriers: Carrier[] = []
  /** Another file of the same worker may have left connections that are kept alive. */
  readonly #socketsBefore = openSockets()

  private constructor(options: Partial<MediaServerOptions>) {
    this.media = new MediaServer({
      calls: this.calls,
      agent: this.agent,
      clock: this.clock,
      metrics: {
        counts: this.counts,
        observeRelayDelay: (seconds) => this.relayDelays.push(seconds),
        observeBargeIn: (seconds) => this.bargeIns.push(seconds),
      },
      log: pino({ level: 'debug' }, { write: (line: string) => this.logLines.push(line) }),
      waitingTrack: Buffer.alloc(8_000, 0xff),
      silenceTimeoutMs: SILENCE_TIMEOUT_MS,
      routes: [
        {
          path: '/media-stream/',
          codec: () => new TwilioMediaStream(),
          hangUp: async ({ providerCallId }) => void this.hungUp.push(providerCallId),
        },
      ],
      ...options,
    })
    this.media.attach(this.http)
  }

  static async start(options: Partial<MediaServerOptions> = {}): Promise<Relay> {
    const relay = new Relay(options)
    relay.http.listen(0, '127.0.0.1')
    await once(relay.http, 'listening')
    return relay
  }

  get origin(): string {
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}`
  }

  async connect(path?: string): Promise<Carrier> {
    const carrier = await Carrier.connect(this.origin, path)
    this.#carriers.push(carrier)
    return carrier
  }

  /** A carrier whose stream was let in, and whose agent is there. */
  async bridge(): Promise<Carrier> {
    const carrier = await this.connect()
    carrier.start(this.calls.token)
    await this.until(() => expect(this.calls.view.bridge).toBe('talking'))
    return carrier
  }

  /** Waits for what comes over real sockets. */
  until(assertion: () => void): Promise<void> {
    return vi.waitFor(assertion, { timeout: 5_000, interval: 2 })
  }

  /** Ends everything and proves that nothing is left: no session, tick, watcher, agent connection or socket. */
  async stop(): Promise<void> {
    const stopped = this.media.stop()
    for (const carrier of this.#carriers) carrier.socket.terminate()
    await stopped
    this.http.close()
    await once(this.http, 'close')
    expect(this.media.liveSessions).toBe(0)
    expect(this.counts.liveSessions).toBe(0)
    expect(this.clock.pending).toBe(0)
    expect(this.calls.watchers.size).toBe(0)
    for (const connection of this.agent.connections) expect(connection.closes).toBeLessThanOrEqual(1)
    for (const carrier of this.#carriers) await this.until(() => expect(carrier.closes).toBe(1))
    await this.until(() => expect(openSockets()).toBeLessThanOrEqual(this.#socketsBefore))
  }
}

function openSockets(): number {
  const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'ConnectWrap']
  return process.getActiveResourcesInfo().filter((resource) => kinds.includes(resource)).length
}
