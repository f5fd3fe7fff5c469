import { expect, test } from 'vitest'
import { SimulatedPhone } from '../support/simulated-sip/phone/simulated-phone.ts'
import { UdpNetwork } from '../support/simulated-sip/phone/udp-network.ts'
import { loudMs } from './audio-files.ts'
import { eventually } from './sip-app.ts'

/*
 * The phone's real network, between two phones; tests against real servers use it in the place of the simulated one.
 */

function twoPhones() {
  const network = new UdpNetwork()
  const callee = new SimulatedPhone({ network, sipAddress: '' }).answering()
  const caller = new SimulatedPhone({ network, sipAddress: callee.address })
  return { caller, callee }
}

test('two phones talk over UDP and RTP, and one hangs up', async () => {
  const { caller, callee } = twoPhones()
  const calling = callee.nextCall()
  const call = caller.invite({ from: 'alice', to: 'bob' })
  expect((await call.final).status).toBe(200)
  const called = await calling
  const spoken = new Int16Array(1600).fill(8000)
  call.voice.say(spoken)
  called.voice.say(spoken)
  await eventually(() => {
    expect(loudMs(called.voice.heard)).toBe(200)
    expect(loudMs(call.voice.heard)).toBe(200)
  })
  expect(called.requests.map(({ method }) => method)).toEqual(['ACK'])
  expect((await called.hold()).body).toContain('a=recvonly')
  expect((await call.bye()).status).toBe(200)
  expect(await called.ended).toMatchObject({ by: 'service' })
  callee.close()
})

test('a phone is refused over UDP', async () => {
  const { caller, callee } = twoPhones()
  callee.refuses = 486
  expect((await caller.invite({ from: 'alice', to: 'bob' }).final).status).toBe(486)
  expect((await caller.request('OPTIONS')).status).toBe(481)
  callee.close()
})
