import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'
import { onServer } from './database.ts'
import { createMigratedDatabase } from './migrated-database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
    /** What the databases of tests are copied from. */
    migratedDatabase: string
  }
}

/** What is in it goes with the run: nothing need outlive a machine that stops. */
const UNSAFE = ['fsync = off', 'full_page_writes = off', 'synchronous_commit = off']

/** One real PostgreSQL for the whole run, in a folder of its own; TEST_DATABASE_URL names another server instead. */
export default async function setup(project: TestProject) {
  const given = process.env.TEST_DATABASE_URL
  const server = given ? { url: given, stop: async () => {} } : await startOwn()
  const template = `migrated_${process.pid}`
  const remove = await createMigratedDatabase(server.url, template)
  project.provide('postgresUrl', server.url)
  project.provide('migratedDatabase', template)
  return async () => {
    await remove()
    await server.stop()
  }
}

async function startOwn(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'precall-tests-'))
  const server = await startEmbeddedPostgres(folder)
  for (const setting of UNSAFE) await onServer(server.url, `alter system set ${setting}`)
  await onServer(server.url, 'select pg_reload_conf()')
  return {
    url: server.url,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
