import pino from 'pino'
import { createTwilioClient, twilioTelephony } from '../../src/telephony/twilio/rest.ts'
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  CALLER,
  startServiceDouble,
  startTestCarrier,
  twiml,
  until,
} from '../simulator/service-double.ts'
import { ScriptedCaller } from '../support/scripted-caller.ts'
import { telephonyContract } from './telephony-contract.ts'

const STATUS_CALLBACK = '/webhooks/status-callback'

telephonyContract({ name: 'Twilio over the simulated carrier', isTold: true }, async () => {
  const service = await startServiceDouble()
  const carrier = await startTestCarrier(service)
  const stays = () => twiml('<Pause length="3600"/>')
  service.on('/voice', stays)
  service.on(STATUS_CALLBACK, stays)
  const { apiBaseUrl } = carrier
  const client = createTwilioClient({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, apiBaseUrl }, 1_000)
  const addressOf = (providerCallId: string) => ({
    callId: '0190a0a0-0000-7000-8000-000000000000',
    providerCallId,
    legId: '0190a0a0-0000-7000-8000-00000000000a',
    publicOrigin: service.origin,
  })
  return {
    telephony: twilioTelephony(client, pino({ level: 'silent' })),
    async answeredLeg() {
      const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
      await until(call, 'answered')
      return {
        address: addressOf(call.sid),
        isOver: () => call.timeline.some(({ type }) => type === 'ended'),
        async hangUp() {
          call.hangUp()
          await call.ended
        },
        asked: () =>
          call.timeline.flatMap((entry) =>
            entry.type === 'moved' ? [Number(new URL(entry.to).searchParams.get('leaves') ?? 0)] : [],
          ),
      }
    },
    unknown: addressOf(`CA${'0'.repeat(32)}`),
    refuse(status: number) {
      carrier.faults.refuseRest = status
      return 'Refused on purpose.'
    },
    goAway: () => carrier.stop(),
    async stop() {
      await carrier.stop()
      await service.stop()
    },
  }
})
