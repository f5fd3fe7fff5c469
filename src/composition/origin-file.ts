import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { originHere } from '../config/advertised-address.ts'
import type { Config } from '../config/config.ts'

const ANSWER_MS = 1_000

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
  const origin = `${originHere(http.host, port)}\n`
  const before = await readFile(file, 'utf8').catch(() => null)
  try {
    await mkdir(dataDir, { recursive: true })
    await writeFile(file, origin)
  } catch (err) {
    // A folder that cannot be written is no fault where the database is elsewhere and the key is set.
    log.debug({ err }, 'where this process is reached could not be kept; npm run call goes by PORT')
  }
  return async () => {
    // Another process of the same folder may have left word after us, or before us and still be there.
    const kept = await readFile(file, 'utf8').catch(() => null)
    if (kept !== origin) return
    const isOtherThere = before !== null && before !== origin && (await isAnswered(before.trim()))
    const giveBack = isOtherThere ? writeFile(file, before) : rm(file, { force: true })
    await giveBack.catch(() => {})
  }
}

async function isAnswered(origin: string): Promise<boolean> {
  const asked = URL.canParse(origin)
    ? fetch(`${origin}/health`, { signal: AbortSignal.timeout(ANSWER_MS) })
    : Promise.reject()
  return asked.then(
    () => true,
    () => false,
  )
}
