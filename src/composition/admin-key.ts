import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The admin key, and whether it was made just now and must be told to somebody. */
export type AdminKey = { key: string; isNew: boolean }

/** The key from the settings, else the one kept in the data folder, which the first start makes. */
export async function adminKey(configured: string | null, dataDir: string): Promise<AdminKey> {
  if (configured !== null) return { key: configured, isNew: false }
  const file = join(dataDir, 'admin-key')
  await mkdir(dataDir, { recursive: true })
  try {
    const key = randomBytes(24).toString('base64url')
    await writeFile(file, key, { flag: 'wx', mode: 0o600 })
    return { key, isNew: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return { key: (await readFile(file, 'utf8')).trim(), isNew: false }
  }
}
