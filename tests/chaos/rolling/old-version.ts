import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { UsageError } from '../../../src/commands/command.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const git = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('git', ['-C', ROOT, ...args])).stdout.trim()

/** The sources of an older version in a folder of their own; the packages are those of today. */
export class OldVersion {
  readonly commit: string
  /** Its lock file names the packages that it runs with here. */
  readonly hasSamePackages: boolean
  readonly #folder: string
  readonly #tree: string

  private constructor(parts: { commit: string; folder: string; tree: string; hasSamePackages: boolean }) {
    this.commit = parts.commit
    this.hasSamePackages = parts.hasSamePackages
    this.#folder = parts.folder
    this.#tree = parts.tree
  }

  /** @throws UsageError when git does not know the revision */
  static async checkOut(revision: string): Promise<OldVersion> {
    const commit = await git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`).catch(() => {
      throw new UsageError(`--from: git knows no ${revision}.`)
    })
    const folder = await mkdtemp(join(tmpdir(), 'precall-from-'))
    const tree = join(folder, 'tree')
    await git('worktree', 'add', '--detach', tree, commit)
    await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
    const [before, now] = await Promise.all([lockOf(tree), lockOf(ROOT)])
    return new OldVersion({ commit, folder, tree, hasSamePackages: before === now })
  }

  /** Its program. */
  get main(): string {
    return join(this.#tree, 'src/main.ts')
  }

  async remove(): Promise<void> {
    await unlink(join(this.#tree, 'node_modules'))
    await git('worktree', 'remove', '--force', this.#tree)
    await rm(this.#folder, { recursive: true, force: true })
  }
}

const lockOf = (tree: string): Promise<string> => readFile(join(tree, 'package-lock.json'), 'utf8')
