import { contentOf } from '../runtime/spool.ts'
import { bringPieces, takePieces, wholeOf } from './byte-pieces.ts'
import type { Database } from './database.ts'
import { inTransaction, sqlOf } from './sql.ts'

/** Audio that was rendered once, by a key that names exactly this audio. */
export type AssetStore = {
  get(key: string): Promise<Buffer | null>
  put(key: string, bytes: Buffer): Promise<void>
}

/** The greeting of now, and those of before that a carrier may still ask for. */
const REMEMBERED = 4

/** What was used last stays in memory: a caller is greeted also while the database is away, and a key's audio never changes. */
export function createAssetStore(database: Database): AssetStore {
  const sql = sqlOf(database)
  const remembered = new Map<string, Buffer>()
  const remember = (key: string, bytes: Buffer): Buffer => {
    remembered.set(key, bytes)
    const [oldest] = remembered.keys()
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest)
    return bytes
  }
  return {
    async get(key) {
      const known = remembered.get(key)
      if (known) return known
      const [row] = await sql<{ size: number }>(
        'select length(bytes) as size from audio_asset where key = ?',
        [key],
      )
      if (!row) return null
      const pieces = takePieces(row.size, (from, count) =>
        sql('select substring(bytes from ? for ?) as bytes from audio_asset where key = ?', [
          from,
          count,
          key,
        ]),
      )
      const all: Buffer[] = []
      for await (const piece of pieces) all.push(piece)
      return remember(key, Buffer.concat(all))
    },
    async put(key, bytes) {
      remember(key, bytes)
      await inTransaction(database, async (within) => {
        await bringPieces(within, [contentOf(bytes).pieces()])
        await within(
          `insert into audio_asset (key, bytes) values (?, ${wholeOf(0)}) on conflict (key) do nothing`,
          [key],
        )
      })
    },
  }
}
