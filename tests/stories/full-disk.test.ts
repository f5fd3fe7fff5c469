import { chown, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts'
import { type SmallDisk, smallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

const TABLESPACE = 'full_disk_story'

/**
 * Rows that are written again find their old places, so calls that go on may, and new calls may not. On a server of its own:
 * one that cannot write its files makes no checkpoint either, which others wait for.
 */
describe('A database whose disk is full', { timeout: 90_000 }, () => {
  let disk: SmallDisk | null
  let world: World
  let postgres: OwnPostgres

  beforeAll(async () => {
    disk = await smallDisk('40m')
    if (!disk) return
    postgres = await startOwnPostgres({})
    const { uid, gid } = await stat(postgres.folder)
    const location = join(disk.folder, 'files')
    await mkdir(location)
    await chown(location, uid, gid)
    const owner = new pg.Client({ connectionString: postgres.url() })
    await owner.connect()
    await owner.query(`create tablespace ${TABLESPACE} location '${location}'`)
    await owner.end()
    world = await World.begin({ tablespace: TABLESPACE, postgresUrl: postgres.url() })
  })
  afterAll(async () => {
    if (!disk) return
    await disk.empty()
    await world.end()
    await postgres.stop()
    await disk.remove()
  })

  const health = async () =>
    (await (await fetch(`${world.node.origin}/health`)).json()) as { status: string; database: string }
  const says = (status: string) =>
    until(
      `/health says ${status}`,
      async () => (await health()).status === status,
      async () => JSON.stringify(await health()),
      30_000,
    )

  it('takes no calls, says so in /health, and takes them again once there is space', async (context) => {
    if (!disk) return context.skip('this account may mount no file system')
    await disk.fill()
    await says('database takes no writes')
    expect((await health()).database).toBe('full')
    await disk.empty()
    await says('ok')
    const call = world.call(world.newCaller())
    await call.hasTurns(1)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
