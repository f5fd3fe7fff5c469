import { type CallHost, type CallNow, streamToken } from '../calls/call-host.ts'
import type { CarrierCall, CarrierCalls, Provider } from '../calls/ports.ts'

/** The calls as one carrier's adapter sees them. */
export function carrierCalls(
  host: CallHost,
  provider: Provider,
  onGreeted: (seconds: number) => void,
): CarrierCalls {
  return {
    async open(call) {
      const begun = performance.now()
      const opened = await host.open({ ...call, provider, direction: 'inbound' })
      if (opened.created) onGreeted((performance.now() - begun) / 1000)
      return { ...carrierCall(opened), isNew: opened.created }
    },
    async tell(providerCallId, event, eventId) {
      const told = await host.send({ provider, providerCallId }, event, { eventId })
      return told && carrierCall(told)
    },
  }
}

const carrierCall = ({ row, view }: Pick<CallNow, 'row' | 'view'>): CarrierCall => ({
  callId: row.id,
  view,
  tokenOf: (attempt) => streamToken(row, attempt),
})
