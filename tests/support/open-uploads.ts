import { readdir, readlink } from 'node:fs/promises'

/** How many temporary files of uploads a process holds open. */
export async function openUploads(pid: number | undefined): Promise<number> {
  const folder = `/proc/${pid}/fd`
  const targets = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')),
  )
  return targets.filter((target) => /precall-[0-9a-f-]{36} \(deleted\)$/.test(target)).length
}
