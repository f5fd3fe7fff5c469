import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectClient } from '../../src/persistence/connect.ts'
import { freePort } from '../../src/runtime/free-port.ts'
import { until } from './until.ts'

/** Where Debian's package has it. */
export const PGBOUNCER = '/usr/sbin/pgbouncer'

/** PgBouncer before a database, with the settings that it comes with; `url` is the same database through it. */
export async function startPgBouncer(
  databaseUrl: string,
  poolMode: 'session' | 'transaction',
): Promise<{ url: string; stop(): Promise<void> }> {
  const { hostname, port: serverPort, username, password, pathname } = new URL(databaseUrl)
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  const port = await freePort()
  await writeFile(join(folder, 'users'), `"${username}" "${decodeURIComponent(password)}"\n`)
  const settings = [
    '[databases]',
    `* = host=${hostname} port=${serverPort}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${join(folder, 'users')}`,
    `pool_mode = ${poolMode}`,
    'default_pool_size = 40',
  ]
  await writeFile(join(folder, 'settings.ini'), settings.join('\n'))
  await chmod(folder, 0o755)
  // It refuses to run as root.
  const account = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child: ChildProcess = spawn(PGBOUNCER, [...account, join(folder, 'settings.ini')], {
    stdio: 'ignore',
  })
  const url = `postgres://${username}:${password}@127.0.0.1:${port}${pathname}`
  await until('PgBouncer answers', () =>
    connectClient(url).then(
      (client) => client.end().then(() => true),
      () => false,
    ),
  )
  return {
    url,
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
