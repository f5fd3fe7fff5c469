import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder, in that of the run, of pages that are built once for all. */
export const PAGES = 'pages'
/** As temporary folders are: PostgreSQL runs on an account of its own. */
const STICKY_FOR_ALL = 0o1777

/** The temporary folder of one run of the tests. What they leave there is told of, and goes with it. */
export default async function setup() {
  const { TMPDIR } = process.env
  const folder = await mkdtemp(join(tmpdir(), 'precall-run-'))
  await chmod(folder, STICKY_FOR_ALL)
  process.env.TMPDIR = folder
  return async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    const left = (await readdir(folder)).filter((name) => name !== PAGES)
    if (left.length > 0) process.stderr.write(`The tests left in the temporary folder: ${left.join(', ')}\n`)
    await rm(folder, { recursive: true, force: true })
  }
}
