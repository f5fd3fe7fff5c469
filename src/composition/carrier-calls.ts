import { type CallHost, type CallNow, streamToken } from '../calls/call-host.ts'
import type { VoiceTrust } from '../calls/caller-trust.ts'
import { withheldFrom } from '../calls/caller-trust.ts'
import { type CarriersAddress, legAt } from '../calls/named-leg.ts'
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
  const address = (providerCallId: string) => ({ provider, providerCallId })
  return {
    async open({ agentId, claimed, verification, ...call }) {
      const begun = performance.now()
      const [from, to] = [numbers.canonical(call.from), call.to && numbers.canonical(call.to)]
      const caller = claimed ?? call.from
      const of = isWithheld(caller) ? null : numbers.canonical(caller)
      const withheld = (trust: VoiceTrust | null) => withheldFrom(verification, trust ?? config.voices.trust)
      const voice = { of, verification, withheld }
      const opened = await host.open({
        ...call,
        from,
        to,
        voice,
        provider,
        direction: 'inbound',
        answeredBy: agentId ?? null,
      })
      if (opened.created) onGreeted((performance.now() - begun) / 1000)
      return { ...carrierCall(opened, address(call.providerCallId)), isNew: opened.created }
    },
    async tell(providerCallId, event, eventId) {
      const told = await host.send(address(providerCallId), event, { eventId })
      return told && carrierCall(told, address(providerCallId))
    },
    report: (providerCallId, event, eventId) =>
      reports.keep({ address: address(providerCallId), event, eventId }),
  }
}

function carrierCall({ row, view }: Pick<CallNow, 'row' | 'view'>, address: CarriersAddress): CarrierCall {
  const legId = legAt(address, row)?.id
  if (legId === undefined) throw new Error(`Call ${row.id} has no leg of this carrier's id.`)
  return {
    callId: row.id,
    legId,
    view,
    tokenOf: (bridgeNumber) => streamToken(row, legId, bridgeNumber),
  }
}
