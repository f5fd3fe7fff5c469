import { afterAll, beforeAll } from 'vitest'
import { sipTelephony } from '../../src/telephony/sip/sip-telephony.ts'
import { silentTelephony } from '../../src/telephony/twilio/rest.ts'
import { CALLER, startServiceDouble, startTestCarrier, twiml, until } from '../simulator/service-double.ts'
import { ScriptedCaller } from '../support/scripted-caller.ts'
import { SipWorld } from '../support/sip-world.ts'
import { telephonyContract } from './telephony-contract.ts'

const publicOrigin = 'https://voice.example'
const callId = '0190a0a0-0000-7000-8000-000000000000'

let sip: SipWorld
beforeAll(async () => {
  sip = await SipWorld.begin()
})
afterAll(() => sip.end())

telephonyContract({ name: 'SIP, whose legs follow their calls', isTold: false }, async () => ({
  telephony: sipTelephony,
  async answeredLeg() {
    const call = sip.call()
    await call.reaches('bridged.talking')
    return {
      address: {
        callId: (await call.row())?.id ?? '',
        legId: (await call.row())?.id ?? '',
        providerCallId: call.sid,
        publicOrigin,
      },
      isOver: () => call.line.isOver,
      async hangUp() {
        await call.line.bye()
        await call.outcome()
      },
    }
  },
  unknown: { callId, legId: callId, providerCallId: 'nobody@127.0.0.1', publicOrigin },
  stop: async () => {},
}))

telephonyContract({ name: 'Twilio without credentials', isTold: false }, async () => {
  const service = await startServiceDouble()
  const carrier = await startTestCarrier(service)
  service.on('/voice', () => twiml('<Pause length="3600"/>'))
  return {
    telephony: silentTelephony,
    async answeredLeg() {
      const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
      await until(call, 'answered')
      return {
        address: { callId, legId: callId, providerCallId: call.sid, publicOrigin },
        isOver: () => call.timeline.some(({ type }) => type === 'ended'),
        async hangUp() {
          call.hangUp()
          await call.ended
        },
      }
    },
    unknown: { callId, legId: callId, providerCallId: 'CA0', publicOrigin },
    async stop() {
      await carrier.stop()
      await service.stop()
    },
  }
})
