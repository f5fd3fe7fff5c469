import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { type ClientRequest, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { openUploads } from '../support/open-uploads.ts'
import { ScriptedWorld } from '../support/scripted-world.ts'
import { until } from '../support/until.ts'

const MB = 1024 * 1024
const CALLER = '+15550100008'

let world: ScriptedWorld
/** Where the service puts its temporary files. */
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uploads-'))
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn', TMPDIR: folder })
  await world.startNode()
})
afterAll(async () => {
  await world.end()
  await rm(folder, { recursive: true })
})

const held = async () => ({
  open: await openUploads(world.node.pid),
  named: await readdir(folder),
})
const NOTHING = { open: 0, named: [] }

const keptOf = (table: 'voice_sample' | 'caller_voice_mapping') =>
  world.db.query<{ count: number }>(`select count(*)::int as count from ${table}`)

/** Sends the beginning of a sample of 10 MB and no more; resolves when the service has it in a file. */
async function beginUpload(): Promise<ClientRequest> {
  const upload = request(`${world.node.origin}/api/v1/voices/${encodeURIComponent(CALLER)}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${world.adminKey}`,
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': 10 * MB,
    },
  })
  upload.on('error', () => {})
  upload.write('--b\r\nContent-Disposition: form-data; name="consent"\r\n\r\nAnn Example, 2026-01-05\r\n')
  upload.write('--b\r\nContent-Disposition: form-data; name="sample"; filename="a.wav"\r\n\r\n')
  upload.write(randomBytes(MB))
  await until('a file is open', async () => (await held()).open === 1)
  return upload
}

describe('samples of megabytes', () => {
  test('that are broken off leave nothing', async () => {
    const upload = await beginUpload()
    expect((await held()).named).toEqual([])
    upload.destroy()
    await until('the file is closed', async () => (await held()).open === 0)
    expect([await keptOf('voice_sample'), await keptOf('caller_voice_mapping')]).toEqual([
      [{ count: 0 }],
      [{ count: 0 }],
    ])
  })

  test('leave nothing of a process that is killed meanwhile', async () => {
    await beginUpload()
    await world.node.kill()
    expect(await readdir(folder)).toEqual([])
    await world.node.start()
    expect(await held()).toEqual(NOTHING)
  })

  test('are kept to the last byte, whatever is refused among them is named, and no file is left', async () => {
    const samples = [10 * MB - 100, 3 * MB, 1_000].map((bytes) => writeMuLawWav(randomBytes(bytes)))
    const put = (more: Buffer[]) => {
      const form = new FormData()
      form.set('consent', 'Ann Example, 2026-01-05')
      for (const [i, bytes] of [...samples, ...more].entries())
        form.append('sample', new File([new Uint8Array(bytes)], `${i}.wav`))
      return world.admin(`/voices/${encodeURIComponent(CALLER)}`, { method: 'PUT', body: form })
    }
    const refused = await put([Buffer.alloc(2 * MB, 'x'), Buffer.alloc(10, 'x')])
    expect(refused.status).toBe(422)
    const { errors } = (await refused.json()) as { errors: { detail: string }[] }
    expect(errors.map(({ detail }) => detail.slice(0, 12))).toEqual(['3.wav is not', '4.wav is not'])

    expect((await put([])).status).toBe(201)
    const kept = await world.db.query<{ name: string; md5: string }>(
      'select file_name as name, md5(bytes) from voice_sample order by file_name',
    )
    const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
    expect(kept).toEqual(samples.map((bytes, i) => ({ name: `${i}.wav`, md5: md5(bytes) })))
    await until('the files are closed', async () => (await held()).open === 0)
    expect(await held()).toEqual(NOTHING)
  })
})
