import type { TrunkSettings } from '../../../calls/trunk-ports.ts'
import { withTimeout } from '../../../runtime/with-timeout.ts'
import type { SipHeaders, SipResponse, Srf } from '../drachtio.ts'

/** drachtio-server answers 408 in the place of a server that says nothing for 32 s (RFC 3261 §17.1.2.2, timer F). */
const PATIENCE_MS = 40_000

export type Question = {
  method: 'REGISTER' | 'OPTIONS'
  headers: SipHeaders
  auth?: { username: string; password: string }
}

/** A final answer, and the request as it was sent. */
export type Answered = { response: SipResponse; contact: string; roundTripMs: number }

/** Where a trunk takes requests of ours. */
const uriOfServer = ({ server, transport }: Pick<TrunkSettings, 'server' | 'transport'>): string =>
  `sip:${bracketed(server ?? '')}${transport === 'udp' ? '' : `;transport=${transport}`}`

/** The same without what says how to get there: the domain of an address of record. */
export const domainOfServer = ({ server }: Pick<TrunkSettings, 'server'>): string =>
  bracketed(server ?? '').replace(/:\d+$/, '')

/** A bare address of IPv6 stands in brackets in an URI. */
const bracketed = (server: string): string =>
  !server.startsWith('[') && server.split(':').length > 2 ? `[${server}]` : server

/** Rejects where drachtio-server does not send it, such as to itself, or where its connection is gone. */
export async function askServer(
  srf: Srf,
  trunk: Pick<TrunkSettings, 'server' | 'transport'>,
  question: Question,
): Promise<Answered> {
  const begun = performance.now()
  const answered = new Promise<Answered>((resolve, reject) => {
    void srf.request(uriOfServer(trunk), question, (error, sent) => {
      if (error) return reject(error)
      sent.on('response', (response: SipResponse) => {
        const roundTripMs = performance.now() - begun
        if (response.status >= 200) resolve({ response, contact: sent.get('contact') ?? '', roundTripMs })
      })
    })
  })
  return withTimeout(PATIENCE_MS, answered, 'no answer came')
}

/** The status in words, as operators know them from their providers. */
export const statusWords = ({ status, reason }: SipResponse): string => {
  if (status === 408) return 'it does not answer (408)'
  return reason ? `${status} ${reason}` : `${status}`
}
