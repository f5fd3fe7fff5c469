import { type CallHost, type CallNow, streamToken } from '../calls/call-host.ts'
import type { TwilioCall, TwilioCalls } from '../telephony/twilio/webhooks.ts'

/** The calls as Twilio's webhooks see them. */
export function twilioCalls(host: CallHost, onGreeted: (seconds: number) => void): TwilioCalls {
  return {
    async open(call) {
      const begun = performance.now()
      const opened = await host.open({ ...call, provider: 'twilio', direction: 'inbound' })
      if (opened.created) onGreeted((performance.now() - begun) / 1000)
      return twilioCall(opened)
    },
    async tell(providerCallId, event, eventId) {
      const told = await host.send({ provider: 'twilio', providerCallId }, event, { eventId })
      return told && twilioCall(told)
    },
  }
}

const twilioCall = ({ row, view }: Pick<CallNow, 'row' | 'view'>): TwilioCall => ({
  callId: row.id,
  view,
  tokenOf: (attempt) => streamToken(row, attempt),
})
