import { chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runPostgres } from '../../src/persistence/postgres-programs.ts'
import { freePort } from '../../src/runtime/free-port.ts'

export type OwnPostgres = {
  port: number
  /** Where its socket is. */
  folder: string
  /** `postgres://ann:PASSWORD@127.0.0.1:PORT/postgres`, and what stands behind `?`. */
  url(query?: string, host?: string): string
  /** What it has logged. */
  log(): Promise<string>
  stop(): Promise<void>
}

export const PASSWORD = 'a-password-that-nobody-may-see'

/** A PostgreSQL for one test, with files and settings of its own; `hba` are lines of pg_hba.conf. */
export async function startOwnPostgres(options: {
  settings?: Record<string, string>
  hba?: string[]
  files?: Record<string, string>
  isStandby?: boolean
}): Promise<OwnPostgres> {
  const { settings = {}, hba = ['local all all scram-sha-256', 'host all all all scram-sha-256'] } = options
  const folder = await mkdtemp(join(tmpdir(), 'own-postgres-'))
  const run = await runPostgres(folder)
  const owner = await stat(folder)
  const cluster = join(folder, 'cluster')
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    await chown(join(folder, name), owner.uid, owner.gid)
  }
  const must = async (program: Parameters<typeof run>[0], args: string[]) => {
    const { code, output } = await run(program, args)
    if (code === 0) return
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
    throw new Error(`${program} failed: ${output} ${log}`)
  }
  await write('password', PASSWORD)
  await must('initdb', [
    '-D',
    cluster,
    '-U',
    'ann',
    '-A',
    'scram-sha-256',
    `--pwfile=${join(folder, 'password')}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ])
  for (const [name, text] of Object.entries(options.files ?? {})) await write(name, text)
  await write('cluster/pg_hba.conf', `${hba.join('\n')}\n`)
  if (options.isStandby) await write('cluster/standby.signal', '')
  const port = await freePort()
  const given = { port: `${port}`, listen_addresses: '*', fsync: 'off', ...settings }
  const lines = Object.entries(given).map(([name, value]) => `${name} = '${value}'`)
  await write('cluster/postgresql.auto.conf', `${lines.join('\n')}\nunix_socket_directories = '${folder}'\n`)
  await must('pg_ctl', ['start', '-w', '-D', cluster, '-l', join(folder, 'log')])
  return {
    port,
    folder,
    url: (query = '', host = '127.0.0.1') => `postgres://ann:${PASSWORD}@${host}:${port}/postgres${query}`,
    log: () => readFile(join(folder, 'log'), 'utf8'),
    async stop() {
      await must('pg_ctl', ['stop', '-m', 'immediate', '-D', cluster])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
