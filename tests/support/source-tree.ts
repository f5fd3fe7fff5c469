import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
/** All that a process loads of this repository; the packages are those of the original. */
const ROOMS = ['machines', 'migrations', 'src', 'package.json']

/** A copy of the sources, in which something is different. */
export class SourceTree {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async copy(): Promise<SourceTree> {
    const tree = new SourceTree(await mkdtemp(join(tmpdir(), 'precall-tree-')))
    for (const room of ROOMS) await cp(join(ROOT, room), tree.path(room), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), tree.path('node_modules'))
    return tree
  }

  path(file: string): string {
    return join(this.folder, file)
  }

  read(file: string): Promise<string> {
    return readFile(this.path(file), 'utf8')
  }

  /** Rejects when the file does not have the text. */
  async replace(file: string, text: string | RegExp, by: string): Promise<void> {
    const before = await this.read(file)
    const after = before.replaceAll(text, by)
    if (after === before) throw new Error(`${file} has no ${text}.`)
    await writeFile(this.path(file), after)
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }
}
