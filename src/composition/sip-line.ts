import { hostInUrl } from '../config/advertised-address.ts'
import type { Config } from '../config/config.ts'
import type { SipLine } from '../http/console/console-routes.ts'

/** What nobody can dial. */
const EVERY_ADDRESS = ['0.0.0.0', '::', '[::]']

/** What people are told of the SIP line, without its passwords; null without SIP. */
export function sipLine({ enabled, host, port, numbers, users, trunks }: Config['sip']): SipLine | null {
  if (!enabled) return null
  const dialled = EVERY_ADDRESS.includes(host) ? null : hostInUrl(host)
  return { host: dialled, port, numbers, trunks, users: users.map(({ name }) => name) }
}
