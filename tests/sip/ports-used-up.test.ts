import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askFreeSwitch } from '../../src/telephony/sip/event-socket.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'

/** So many calls are dialled at once without a word. */
const MOST_CALLS = 20
const PORTS_OF_A_CALL = 2

/** How many calls the real FreeSWITCH has RTP ports for. */
async function capacity(): Promise<number> {
  const {
    FREESWITCH_HOST: host = '',
    FREESWITCH_PORT: port = '8021',
    FREESWITCH_SECRET: secret = '',
  } = process.env
  const ports = ['rtp_start_port', 'rtp_end_port'].map((name) => `global_getvar ${name}`)
  const { answers } = await askFreeSwitch({ host, port: Number(port), secret }, ports)
  const [first = 0, last = 0] = answers.map(Number)
  return Math.floor((last - first + 1) / PORTS_OF_A_CALL)
}

const calls = REAL_SERVERS ? await capacity() : 0

/** Runs where FreeSWITCH was given a small range: FREESWITCH_RTP_START_PORT and FREESWITCH_RTP_END_PORT. */
describe.skipIf(!REAL_SERVERS || calls > MOST_CALLS)('When the RTP ports are used up', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  it('a trunk is told to try elsewhere, until somebody has hung up', async () => {
    const first = Array.from({ length: calls }, () => sip.call())
    for (const call of first) expect(await call.answer()).toBe(200)
    const { status, headers } = await sip.call().line.final
    expect([status, headers.get('Retry-After')]).toEqual([503, '5'])
    await Promise.all(first.map(({ line }) => line.bye()))
    for (const call of first) expect(await call.outcome()).toBe('caller_hung_up')
    const next = sip.call()
    expect(await next.answer()).toBe(200)
    await next.line.bye()
    expect(await next.outcome()).toBe('caller_hung_up')
  })
})
