import { type CallHost, type CallNow, streamToken } from '../calls/call-host.ts'
import type { VoiceTrust } from '../calls/caller-trust.ts'
import { withheldFrom } from '../calls/caller-trust.ts'
import type { Provider } from '../calls/ports.ts'
import type { ReportKeeper } from '../calls/report-keeper.ts'
import type { Config } from '../config/config.ts'
import { isWithheld, type PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { CarrierCall, CarrierCalls } from '../telephony/calls-port.ts'

type Parts = { config: Config; host: CallHost; reports: ReportKeeper; numbers: PhoneNumbers }

/** The calls as one carrier's adapter sees them. */
export function carrierCalls(
  { config, host, reports, numbers }: Parts,
  provider: Provider,
  onGreeted: (seconds: number) => void,
): CarrierCalls {
  return {
    async open({ agentId, claimed, verification, ...call }) {
      const begun = performance.now()
      const [from, to] = [numbers.canonical(call.from), call.to && numbers.canonical(call.to)]
      const caller = claimed ?? call.from
      const of = isWithheld(caller) ? null : numbers.canonical(caller)
      const withheld = (trust: VoiceTrust | null) => withheldFrom(verification, trust ?? config.voices.trust)
      const voice = { of, verification, withheld }
      const opened = await host.open({
        ...{ ...call, from, to, voice, provider, direction: 'inbound' },
        answeredBy: agentId ?? null,
      })
      if (opened.created) onGreeted((performance.now() - begun) / 1000)
      return { ...carrierCall(opened), isNew: opened.created }
    },
    async tell(providerCallId, event, eventId) {
      const told = await host.send({ provider, providerCallId }, event, { eventId })
      return told && carrierCall(told)
    },
    report: (providerCallId, event, eventId) =>
      reports.keep({ address: { provider, providerCallId }, event, eventId }),
  }
}

const carrierCall = ({ row, view }: Pick<CallNow, 'row' | 'view'>): CarrierCall => ({
  callId: row.id,
  view,
  tokenOf: (bridgeNumber) => streamToken(row, bridgeNumber),
})
