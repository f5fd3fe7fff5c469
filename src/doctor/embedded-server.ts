import { mkdir, mkdtemp, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { startEmbeddedPostgres } from '../persistence/embedded-postgres.ts'
import { type Finding, fail } from './finding.ts'

type Inspect = (url: string, where: string) => AsyncGenerator<Finding>

/** Looks at the embedded server in `directory` and leaves it as it was found: running, stopped, or not there at all. */
export async function* examineEmbedded(directory: string, inspect: Inspect): AsyncGenerator<Finding> {
  try {
    yield* (await isMade(directory))
      ? inspectExisting(directory, inspect)
      : inspectTrial(dirname(directory), inspect)
  } catch (error) {
    yield fail(
      'database',
      `the embedded PostgreSQL cannot be used: ${(error as Error).message}`,
      'let this user write to DATA_DIR, or set DATABASE_URL to a PostgreSQL of your own',
    )
  }
}

/** Whether a service with this directory has been started before. */
export const isMade = (directory: string): Promise<boolean> =>
  stat(join(directory, 'cluster')).then(
    () => true,
    () => false,
  )

async function* inspectExisting(directory: string, inspect: Inspect): AsyncGenerator<Finding> {
  const wasRunning = await isRunning(directory)
  const server = await startEmbeddedPostgres(directory)
  try {
    yield* inspect(server.url, `embedded in ${directory}`)
  } finally {
    if (!wasRunning) await server.stop()
  }
}

/** Before the first start there is nothing to look at, so one is made beside its place and taken away again. */
async function* inspectTrial(dataDir: string, inspect: Inspect): AsyncGenerator<Finding> {
  const firstMade = await mkdir(dataDir, { recursive: true })
  try {
    const directory = await mkdtemp(join(dataDir, 'doctor-'))
    try {
      const server = await startEmbeddedPostgres(directory)
      try {
        yield* inspect(server.url, `made in ${dataDir} for a trial and removed again`)
      } finally {
        await server.stop()
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  } finally {
    if (firstMade !== undefined) await removeEmptyFolders(dataDir, firstMade)
  }
}

/** From `folder` up to `last`, one that is in use by then and all above it stay. */
async function removeEmptyFolders(folder: string, last: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch {
    return
  }
  if (folder !== last) await removeEmptyFolders(dirname(folder), last)
}

/** Whether the process named in the server's own lock file lives; a killed server leaves the file behind. */
async function isRunning(directory: string): Promise<boolean> {
  const lock = await readFile(join(directory, 'cluster', 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(lock.split('\n', 1)[0])
  if (!(pid > 0)) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
