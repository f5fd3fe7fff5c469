import pino from 'pino'
import { clockFrames } from '../support/simulated-sip/free-switch/frames.ts'
import { SimulatedFreeSwitch } from '../support/simulated-sip/free-switch/simulated-free-switch.ts'
import type { ForkRelease } from '../support/simulated-sip/free-switch/streamed-audio.ts'
import { SimulatedPhone } from '../support/simulated-sip/phone/simulated-phone.ts'
import { UdpNetwork } from '../support/simulated-sip/phone/udp-network.ts'
import type { ServiceProcess } from './service-process.ts'
import type { SipNetwork } from './simulated-sip/sip-network.ts'
import { type SimulatedSip, startSipNetwork } from './simulated-sip/start-sip-network.ts'
import { until } from './until.ts'

/** With these set, SIP tests run against real servers: a drachtio-server, and a FreeSWITCH with freeswitch-config/. */
const { DRACHTIO_HOST, FREESWITCH_HOST } = process.env
export const REAL_SERVERS = Boolean(DRACHTIO_HOST && FREESWITCH_HOST)

/** How fast the simulated servers and vendors live; real ones have no choice. */
export const SIP_TIME_SCALE = REAL_SERVERS ? 1 : 0.05

export type SipServers = {
  /** The settings by which the service finds them. */
  settings: Record<string, string>
  phone: SimulatedPhone
  /** Where phones and providers are. */
  network: SipNetwork
  /** Null when the servers are real. */
  simulated: SimulatedSip | null
  stop: () => Promise<void>
}

/** Phones on the same machine. */
const TRUNKS = '127.0.0.0/8'

/** Which release of the streaming module the simulated FreeSWITCH has, where a test does not care. */
const RELEASE = process.env.FORK_RELEASE === '1.2.33' ? '1.2.33' : '1.2.22'

export type SipServerOptions = {
  module?: 'streaming' | 'playAudio' | undefined
  release?: ForkRelease | undefined
  timeScale?: number | undefined
}

export function sipServers(options: SipServerOptions = {}): Promise<SipServers> {
  return REAL_SERVERS ? realServers() : simulatedServers(options)
}

async function simulatedServers({
  module = 'streaming',
  release = RELEASE,
  timeScale = SIP_TIME_SCALE,
}: SipServerOptions): Promise<SipServers> {
  const log = pino({ level: 'silent' })
  const simulated = await startSipNetwork({
    log,
    freeSwitch: { module, release, frames: clockFrames(timeScale) },
  })
  const settings = { ENABLE_SIP_HANDLER: 'true', SIP_TRUNKS: TRUNKS, ...addressesOf(simulated) }
  const { network } = simulated.drachtio
  return { settings, phone: simulated.phone, network, simulated, stop: simulated.stop }
}

/** The settings by which simulated servers are found. */
export function addressesOf({ drachtio, freeSwitch }: SimulatedSip): Record<string, string> {
  return {
    DRACHTIO_HOST: drachtio.host,
    DRACHTIO_PORT: `${drachtio.port}`,
    DRACHTIO_SECRET: drachtio.secret,
    FREESWITCH_HOST: freeSwitch.host,
    FREESWITCH_PORT: `${freeSwitch.port}`,
    FREESWITCH_SECRET: freeSwitch.password,
  }
}

/** Resolves when the node's `/health` says so of SIP: `ok`, or words of what is wrong. */
export async function untilSipIs(node: ServiceProcess, health = 'ok'): Promise<void> {
  const look = async () => {
    const { sip } = (await (await fetch(`${node.origin}/health`)).json()) as { sip: string }
    return health === 'ok' ? sip === 'ok' : sip.includes(health)
  }
  await until(`SIP is ${health}`, look, () => node.output.slice(-2_000))
}

async function realServers(): Promise<SipServers> {
  const given = Object.entries(process.env).filter(([name]) => /^(DRACHTIO|FREESWITCH)_/.test(name))
  const { SIP_HOST = '127.0.0.1', SIP_PORT = '5060' } = process.env
  const settings = {
    ...Object.fromEntries(given.map(([name, value]) => [name, value ?? ''])),
    ENABLE_SIP_HANDLER: 'true',
    SIP_TRUNKS: TRUNKS,
  }
  const network = new UdpNetwork()
  const phone = new SimulatedPhone({ network, sipAddress: `${SIP_HOST}:${SIP_PORT}` })
  return { settings, phone, network, simulated: null, stop: async () => {} }
}

/** One more FreeSWITCH beside the first. */
export async function addFreeSwitch(
  { drachtio }: SimulatedSip,
  sipAddress: string,
): Promise<SimulatedFreeSwitch> {
  const freeSwitch = new SimulatedFreeSwitch({
    log: pino({ level: 'silent' }),
    network: drachtio.network,
    sipAddress,
    frames: clockFrames(SIP_TIME_SCALE),
  })
  await freeSwitch.listen()
  return freeSwitch
}
