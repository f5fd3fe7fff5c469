import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectClient } from '../../src/persistence/connect.ts'
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'

/** CAP_DAC_READ_SEARCH (capabilities(7)), as a set of one. */
const READ_SEARCH = 1n << 2n

test.skipIf(process.getuid?.() !== 0)(
  "root's PostgreSQL in a folder of root's own may look into folders, and nothing else that its account may not",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'embedded-rights-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await chmod(folder, 0o700)
    const server = await startEmbeddedPostgres(join(folder, 'postgres'))
    const pid = (await readFile(join(folder, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n', 1)[0]
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    const line = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? ''
    // A function of an extension has its library loaded by its whole path, long after the start.
    const client = await connectClient(server.url)
    await client.query(`do $$ begin perform 1; end $$`)
    const { rows } = await client.query(
      `select to_tsvector('english', 'calls') @@ to_tsquery('call') as found`,
    )
    await client.end()
    await server.stop()
    for (const set of ['CapPrm', 'CapEff', 'CapInh', 'CapBnd', 'CapAmb'])
      expect([set, BigInt(`0x${line(set)}`)]).toEqual([set, READ_SEARCH])
    expect([line('Uid'), line('NoNewPrivs')]).toEqual([expect.not.stringMatching(/^0$/), '1'])
    expect(rows).toEqual([{ found: true }])
  },
)
