import { beforeAll, describe, expect, it } from 'vitest'
import { askFreeSwitch } from '../../src/telephony/sip/event-socket.ts'
import { SimulatedPhone } from '../support/simulated-sip/phone/simulated-phone.ts'
import { UdpNetwork } from '../support/simulated-sip/phone/udp-network.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'

/** Whoever FreeSWITCH calls back owns the call, and much of FreeSWITCH: drachtio-server alone may ask it to. */
describe.skipIf(!REAL_SERVERS)('FreeSWITCH, called past drachtio-server', () => {
  const {
    FREESWITCH_HOST: host = '',
    FREESWITCH_PORT: port = '8021',
    FREESWITCH_SECRET: secret = '',
  } = process.env
  let phone: SimulatedPhone
  beforeAll(async () => {
    const { answers } = await askFreeSwitch({ host, port: Number(port), secret }, ['sofia status'])
    const sipAddress = /sip:mod_sofia@([\d.]+:\d+)/.exec(answers[0] ?? '')?.[1] ?? ''
    phone = new SimulatedPhone({ network: new UdpNetwork(), sipAddress })
  })

  it.each([
    ['by a stranger', '127.66.6.6', 'drachtio-fsmrf:1', '127.0.0.1:9'],
    ['to be led to a stranger', '127.0.0.1', 'drachtio-fsmrf:1', '192.0.2.66:9'],
    ['to be led to a name', '127.0.0.1', 'drachtio-fsmrf:1', 'evil.example.com:9'],
    ['by another program', '127.0.0.1', 'friendly-scanner', '127.0.0.1:9'],
  ])('%s, answers 403', async (_, sourceAddress, agent, back) => {
    const headers = { 'User-Agent': agent, 'X-esl-outbound': back }
    const call = phone.invite({ from: 'a', to: 'b', sourceAddress, headers })
    expect((await call.final).status).toBe(403)
  })
})
