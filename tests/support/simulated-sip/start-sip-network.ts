/*
 * Telephony over SIP for tests, without a media stack: a drachtio-server and a FreeSWITCH that drachtio-srf and
 * drachtio-fsmrf cannot tell from real ones, and phones that call through them. tests/simulated-sip/ asks the same of these
 * and, with DRACHTIO_HOST and FREESWITCH_HOST set, of real servers.
 *
 *   drachtio     takes apps on TCP (drachtio/wire.ts) and SIP from the network: dialogs, transactions, CANCEL, who hears of
 *                what. Fails by dropApps, refusesConnections, heldBackMs, endDialog; stop and listen again.
 *   freeSwitch   takes apps on the event socket and calls them back for each endpoint; plays files that it really fetches,
 *                tones and silence; has either mod_audio_fork. Fails by `faults`, dropEventSockets, kill and listen again.
 *   phone        makes calls (phone.invite), is called (phone.answering), and sends what trunks and scanners send
 *                (phone.request). With a UdpNetwork in the place of the simulated one it calls through real servers.
 *
 * SIP and audio go over a SimulatedNetwork in this process: who is at a SIP address gets the request, who is at the address
 * of an SDP gets the audio, so that a wrong answer makes a silent call. Only sound takes time; `frames` gives it.
 */

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
