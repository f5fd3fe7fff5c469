import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { writeMuLawWav } from '../audio/wav.ts'
import { originTowardFreeSwitch } from '../config/advertised-address.ts'
import type { Config } from '../config/config.ts'
import type { EventSocketAddress } from '../telephony/sip/event-socket.ts'
import { forkRatesFor } from '../telephony/sip/fork-rates.ts'
import { FreeSwitchServer } from '../telephony/sip/free-switch-server.ts'
import type { LegMedia } from '../telephony/sip/leg-media.ts'
import { Signalling } from '../telephony/sip/signalling.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Each server has let us in a moment ago. */
const CONNECT_MS = 5_000
const LOOK_AGAIN_MS = 20
const AUDIO_MS = 20
/** A phone that is this machine's discard port: what it is sent goes nowhere. */
const NOBODY =
  'v=0\r\no=doctor 1 1 IN IP4 127.0.0.1\r\ns=doctor\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendonly\r\n'

/**
 * Puts a call of nobody's on a FreeSWITCH as the service does, and looks whether FreeSWITCH finds the way back to this
 * machine. Where the service runs it is asked; else something listens in its place.
 */
export class TrialCalls {
  readonly #config: Config
  readonly #log: Logger
  readonly #signalling: Signalling
  readonly #standIn: Server | null

  private constructor(config: Config, log: Logger, standIn: Server | null) {
    this.#config = config
    this.#log = log
    this.#standIn = standIn
    this.#signalling = new Signalling({ ...config.sip.drachtio, log, onBack: () => {}, onLost: () => {} })
    this.#signalling.start()
  }

  static async begin(config: Config, log: Logger): Promise<TrialCalls> {
    return new TrialCalls(config, log, await listenInPlaceOf(config.http))
  }

  async end(): Promise<void> {
    this.#signalling.stop()
    this.#standIn?.closeAllConnections()
    this.#standIn?.close()
  }

  async *tryOut(name: string, address: EventSocketAddress): AsyncGenerator<Finding> {
    const server = new FreeSwitchServer(this.#signalling.srf, address, this.#log)
    server.start()
    try {
      await this.#untilNoFault(() => this.#signalling.fault)
      await this.#untilNoFault(() => server.fault)
      const media = await server.open(NOBODY, { isWideband: false, encryptions: ['none'] })
      yield this.#callFinding(`${name} call`, media)
      yield* this.#wayBack(name, media)
      await media.destroy()
    } catch (error) {
      yield notCalled(`${name} call`, error as Error)
    } finally {
      await server.stop()
    }
  }

  async #untilNoFault(fault: () => string | null): Promise<void> {
    const until = Date.now() + CONNECT_MS
    while (fault() !== null) {
      if (Date.now() > until) throw new Error(fault() ?? '')
      await pause(LOOK_AGAIN_MS)
    }
  }

  /** `c=` of FreeSWITCH's own description is where phones send their audio. */
  #callFinding(name: string, { sdp }: LegMedia): Finding {
    const audioAt = /^c=IN IP[46] (\S+)/m.exec(sdp)?.[1] ?? 'nowhere'
    const found = `a trial call was answered; phones are told to send their audio to ${audioAt}`
    const areElsewhere = this.#config.sip.trunks.some((range) => !range.startsWith('127.'))
    if (!audioAt.startsWith('127.') || !areElsewhere) return ok(name, found)
    return warn(
      name,
      `${found}: of those on other machines nothing would be heard`,
      'set FREESWITCH_EXT_RTP_IP (compose: EXTERNAL_IP) to an address that callers reach',
    )
  }

  async *#wayBack(name: string, media: LegMedia): AsyncGenerator<Finding> {
    const origin = await originTowardFreeSwitch(this.#config, this.#port)
    // What was not asked for before is not in FreeSWITCH's cache.
    const sound = `${origin}/audio/hold/0.wav?doctor=${randomUUID()}`
    const played = await media.play(sound.replace('://', '://(nohead=true)'))
    yield played
      ? ok(`${name} audio`, `it fetches sounds from ${origin}`)
      : fail(
          `${name} audio`,
          `it cannot fetch ${sound}: callers would hear neither greeting nor music`,
          OPEN_THE_WAY,
        )
    const relay = origin.replace(/^http/, 'ws')
    const call = { callId: randomUUID(), providerCallId: 'doctor', token: 'doctor', bridgeNumber: 1 }
    yield (await media.fork({ relay, ...call, rates: forkRatesFor(null) }, () => {}))
      ? ok(`${name} stream`, `it opens media streams at ${relay}`)
      : fail(
          `${name} stream`,
          `it cannot open a media stream at ${relay}: no caller could be joined to an agent`,
          OPEN_THE_WAY,
        )
  }

  get #port(): number {
    const address = this.#standIn?.address() as AddressInfo | null
    return address?.port ?? this.#config.http.port
  }
}

const OPEN_THE_WAY = 'let FreeSWITCH reach this machine there (firewall, HOST), or set SIP_MEDIA_STREAM_URL'

function notCalled(name: string, { message }: Error): Finding {
  if (message.includes('timeout'))
    return fail(
      name,
      'it took a trial call, and did not connect back to this machine',
      'let FreeSWITCH open TCP connections to every port of this machine: it calls back for each leg',
    )
  return fail(
    name,
    `it did not take a trial call: ${message}`,
    "let drachtio-server and FreeSWITCH reach each other's SIP ports; its log says what it refused",
  )
}

/** Null where the port is taken: that is the service. */
async function listenInPlaceOf({ host, port }: Config['http']): Promise<Server | null> {
  const silence = writeMuLawWav(Buffer.alloc(AUDIO_MS * 8, 0xff))
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'audio/wav', 'cache-control': 'no-store' }).end(silence)
  })
  const streams = new WebSocketServer({ server })
  // Both tell of a port that is taken.
  streams.on('error', () => {})
  server.listen(port, host)
  return once(server, 'listening').then(
    () => server,
    () => null,
  )
}
