import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { hostInUrl } from './operator-lines.ts'

/** Where a program on this machine connects to that was told of all addresses. */
const HERE: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/**
 * Leaves word in the data folder of where this process is reached, for commands that are started beside it with other
 * settings. Resolves with what takes it away again. After a crash it stays: whoever reads it asks there first.
 */
export async function keepOrigin(
  { http, dataDir, roles }: Config,
  port: number,
  log: Logger,
): Promise<() => Promise<void>> {
  if (!roles.includes('web')) return async () => {}
  const file = join(dataDir, 'origin')
  const host = HERE[http.host] ?? http.host
  const origin = `http://${hostInUrl(host)}:${port}\n`
  try {
    await mkdir(dataDir, { recursive: true })
    await writeFile(file, origin)
  } catch (err) {
    // A folder that cannot be written is no fault where the database is elsewhere and the key is set.
    log.debug({ err }, 'where this process is reached could not be kept; npm run call goes by PORT')
  }
  return async () => {
    // Another process of the same folder may have left word after us.
    const kept = await readFile(file, 'utf8').catch(() => null)
    if (kept === origin) await rm(file, { force: true }).catch(() => {})
  }
}
