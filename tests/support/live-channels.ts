import { askFreeSwitch } from '../../src/telephony/sip/event-socket.ts'
import type { SipWorld } from './sip-world.ts'

/** How many channels FreeSWITCH has, as it says itself. */
export async function liveChannels({ servers: { settings } }: SipWorld): Promise<number> {
  const { FREESWITCH_HOST = '', FREESWITCH_PORT = '', FREESWITCH_SECRET = '' } = settings
  const address = { host: FREESWITCH_HOST, port: Number(FREESWITCH_PORT), secret: FREESWITCH_SECRET }
  const { answers } = await askFreeSwitch(address, ['show channels count'])
  return Number(/(\d+) total/.exec(answers[0] ?? '')?.[1])
}
