import type { Database } from './database.ts'
import { AudioAsset } from './entities/voice.entity.ts'

/** Audio that was rendered once, by a key that names exactly this audio. */
export type AssetStore = {
  get(key: string): Promise<Buffer | null>
  put(key: string, bytes: Buffer): Promise<void>
}

export function createAssetStore(database: Database): AssetStore {
  const em = () => database.em.fork()
  return {
    async get(key) {
      const row = await em().findOne(AudioAsset, { key })
      return row && Buffer.from(row.bytes)
    },
    async put(key, bytes) {
      const asset = { key, bytes, createdAt: new Date() }
      await em().upsert(AudioAsset, asset, { onConflictFields: ['key'], onConflictAction: 'ignore' })
    },
  }
}
