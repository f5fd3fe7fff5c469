import pino from 'pino'
import { clockFrames } from '../../src/simulator/sip/free-switch/frames.ts'
import { SimulatedFreeSwitch } from '../../src/simulator/sip/free-switch/simulated-free-switch.ts'
import { SimulatedPhone } from '../../src/simulator/sip/phone/simulated-phone.ts'
import { UdpNetwork } from '../../src/simulator/sip/phone/udp-network.ts'
import { type SimulatedSip, startSipNetwork } from '../../src/simulator/sip/start-sip-network.ts'
import type { ServiceProcess } from './service-process.ts'
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
  /** Null when the servers are real. */
  simulated: SimulatedSip | null
  stop: () => Promise<void>
}

/** Phones on the same machine. */
const TRUNKS = '127.0.0.0/8'

export type SipServerOptions = { module?: 'streaming' | 'playAudio'; timeScale?: number }

export function sipServers(options: SipServerOptions = {}): Promise<SipServers> {
  return REAL_SERVERS ? realServers() : simulatedServers(options)
}

async function simulatedServers({
  module = 'streaming',
  timeScale = SIP_TIME_SCALE,
}: SipServerOptions): Promise<SipServers> {
  const log = pino({ level: 'silent' })
  const simulated = await startSipNetwork({ log, freeSwitch: { module, frames: clockFrames(timeScale) } })
  const settings = { ENABLE_SIP_HANDLER: 'true', SIP_TRUNKS: TRUNKS, ...addressesOf(simulated) }
  return { settings, phone: simulated.phone, simulated, stop: simulated.stop }
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
  const phone = new SimulatedPhone({ network: new UdpNetwork(), sipAddress: `${SIP_HOST}:${SIP_PORT}` })
  return { settings, phone, simulated: null, stop: async () => {} }
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
