import type { Logger } from 'pino'
import { type DrachtioOptions, SimulatedDrachtio } from './drachtio/simulated-drachtio.ts'
import { type FreeSwitchOptions, SimulatedFreeSwitch } from './free-switch/simulated-free-switch.ts'
import { SimulatedPhone } from './phone/simulated-phone.ts'

/** A drachtio-server, a FreeSWITCH and the phones beyond them, on one network. */
export type SimulatedSip = {
  drachtio: SimulatedDrachtio
  freeSwitch: SimulatedFreeSwitch
  phone: SimulatedPhone
  stop: () => Promise<void>
}

/**
 * Starts a simulated drachtio-server and FreeSWITCH, to which drachtio-srf and drachtio-fsmrf connect over TCP as to real
 * ones: drachtio.host, .port, .secret and freeSwitch.host, .port, .password. Rejects when they cannot listen.
 */
export async function startSipNetwork({
  log,
  drachtio: drachtioOptions = {},
  freeSwitch: freeSwitchOptions = {},
}: {
  log: Logger
  drachtio?: Partial<DrachtioOptions>
  freeSwitch?: Partial<FreeSwitchOptions>
}): Promise<SimulatedSip> {
  const drachtio = new SimulatedDrachtio({ log, ...drachtioOptions })
  const { network, sipAddress } = drachtio
  const freeSwitch = new SimulatedFreeSwitch({ log, network, ...freeSwitchOptions })
  await drachtio.listen()
  await freeSwitch.listen()
  const phone = new SimulatedPhone({ network, sipAddress })
  const stop = async () => {
    await freeSwitch.stop()
    await drachtio.stop()
  }
  return { drachtio, freeSwitch, phone, stop }
}
