import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NO_SPACE = 'ENOSPC'
const PIECE = Buffer.alloc(256 * 1024)

export type SmallDisk = {
  folder: string
  /** Writes until nothing more fits. */
  fill(): Promise<void>
  /** Gives back what `fill` took. */
  empty(): Promise<void>
  remove(): Promise<void>
}

/** A file system of that size, such as `64k`; null where this account may not mount one. */
export async function smallDisk(size: string): Promise<SmallDisk | null> {
  const folder = await mkdtemp(join(tmpdir(), 'small-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0
  if (!mounted) {
    await rm(folder, { recursive: true })
    return null
  }
  const ballast = join(folder, 'ballast')
  return {
    folder,
    async fill() {
      for (let isFull = false; !isFull; )
        isFull = await writeFile(ballast, PIECE, { flag: 'a' }).then(
          () => false,
          (error: NodeJS.ErrnoException) => {
            if (error.code !== NO_SPACE) throw error
            return true
          },
        )
    },
    empty: () => rm(ballast, { force: true }),
    async remove() {
      spawnSync('umount', [folder])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
