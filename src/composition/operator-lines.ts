import { hostInUrl } from '../config/advertised-address.ts'
import type { Config } from '../config/config.ts'
import { isWholeDemo } from '../demo/demo-world.ts'
import type { AdminKey } from './admin-key.ts'

const ALL_ADDRESSES = ['0.0.0.0', '::']

/**
 * What whoever started the service is told when it takes calls. The key is shown once, when it is made; a console that was
 * opened with it stays signed in.
 */
export function operatorLines(config: Config, port: number, { key, isNew }: AdminKey): string[] {
  const { http, dataDir, admin } = config
  const isOpen = ALL_ADDRESSES.includes(http.host)
  const console = `http://${isOpen ? 'localhost' : hostInUrl(http.host)}:${port}/`
  const place = admin.apiKey === null ? `in ${dataDir}/admin-key` : 'the one in ADMIN_API_KEY'
  const opening = isNew
    ? `Open the console at ${console}#key=${key} (the admin key is shown this once, and kept ${place})`
    : `Open the console at ${console} (the admin key is ${place})`
  // Who only looks at a demo may not expect that others can.
  return isOpen && isWholeDemo(config)
    ? [opening, 'Other machines reach it, too, with the admin key; HOST=127.0.0.1 keeps it to this one.']
    : [opening]
}
