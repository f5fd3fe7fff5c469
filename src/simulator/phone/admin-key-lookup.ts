import { readFile } from 'node:fs/promises'
import { fileOfService } from './data-folder.ts'

/** The service keeps the key that it generated here, in its data folder. */
const KEY_FILE = 'admin-key'

/** No admin key was given or found; the message says where it was looked for. */
export class NoAdminKey extends Error {
  override readonly name = 'NoAdminKey'
}

/** The admin key: the given one, else ADMIN_API_KEY, else the one that the service keeps. Rejects with NoAdminKey. */
export async function findAdminKey(given: string | null, env: NodeJS.Dict<string>): Promise<string> {
  const known = given ?? env.ADMIN_API_KEY?.trim()
  if (known) return known
  const file = fileOfService(KEY_FILE, env)
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch {
    throw new NoAdminKey(`No admin key: give --key, or set ADMIN_API_KEY; there is none in ${file} either.`)
  }
}
