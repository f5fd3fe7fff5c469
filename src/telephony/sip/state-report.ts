import type { Logger } from 'pino'
import type { SipLeg } from './sip-leg.ts'
import type { LegCalls } from './sip-ports.ts'

/*
 * A browser's page shows how far its call is. Each change of state goes to it as an INFO within the dialog (RFC 6086), so it
 * needs no other way to ask, and whatever process changed the state, the one that holds the leg hears of it.
 */

/** Tells the leg's other party the present state, and each change of it, until the leg is over. */
export function tellStates(leg: SipLeg, { calls, log }: { calls: LegCalls; log: Logger }): void {
  let told: string | null = null
  let telling: Promise<unknown> = Promise.resolve()
  const tell = (state: string) => {
    if (state === told) return
    told = state
    telling = telling
      .then(() => inform(leg, state))
      .catch((error: unknown) => {
        log.debug({ err: error, callId: leg.callId }, 'a page could not be told how far its call is')
      })
  }
  tell(leg.view.state)
  const unwatch = calls.watch(leg.callId, (view) => tell(view.state))
  void leg.over.then(unwatch)
}

const inform = (leg: SipLeg, state: string): Promise<unknown> =>
  leg.dialog.request({
    method: 'INFO',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ state }),
  })
