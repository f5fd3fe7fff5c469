import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTrunkRegister } from '../../src/persistence/trunk-register.ts'
import { createTrunkStore, type TrunkDraft, TrunkNameTakenError } from '../../src/persistence/trunk-store.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

const [NODE, OTHER] = [
  '01900000-0000-7000-8000-00000000000a',
  '01900000-0000-7000-8000-00000000000b',
] as const
const DRAFT: TrunkDraft = {
  name: 'Office',
  enabled: true,
  server: null,
  transport: 'udp',
  addresses: ['192.0.2.1'],
  country: 'DE',
  numbers: ['+492214710'],
  didFrom: 'to',
  codecs: ['PCMA'],
  srtp: null,
  maxCalls: 2,
  maxCallsPerSecond: 0.5,
  registration: null,
  optionsSeconds: null,
}
let places = 0
const place = () => `01900000-0000-7000-8000-${String(++places).padStart(12, '0')}`

let db: OpenTestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
beforeEach(async () => {
  await db.query('delete from trunk')
  await db.query('delete from service_node')
  for (const id of [NODE, OTHER])
    await db.query(
      `insert into service_node (id, worker_ids, roles, heartbeat_at) values ($1, '{}', '{sip}', now())`,
      [id],
    )
})
afterAll(() => db.drop())

const store = () => createTrunkStore(db.database)
const of = (node: string) => createTrunkRegister(db.database, node)

test('a trunk is kept as it was written, under a name of its own', async () => {
  const { id } = await store().create(DRAFT)
  expect(await store().get(id)).toMatchObject(DRAFT)
  await expect(store().create(DRAFT)).rejects.toThrow(TrunkNameTakenError)
  const other = await store().create({ ...DRAFT, name: 'Other' })
  await expect(store().update(other.id, { name: 'Office' })).rejects.toThrow(TrunkNameTakenError)
  expect(await store().update(other.id, { maxCalls: null })).toMatchObject({ name: 'Other', maxCalls: null })
})

test('a trunk is one node’s, until that leaves it, is gone, or says nothing for too long', async () => {
  const { id } = await store().create(DRAFT)
  // One that was set up since it looked is not taken as known.
  expect(await of(NODE).keep([], 60_000)).toEqual([])
  expect(await of(NODE).keep([id], 60_000)).toEqual([id])
  expect(await of(OTHER).keep([id], 60_000)).toEqual([])
  await of(NODE).leave()
  expect(await of(OTHER).keep([id], 60_000)).toEqual([id])
  await db.query('delete from service_node where id = $1', [OTHER])
  expect(await of(NODE).keep([id], 0)).toEqual([id])
  await db.query(
    `insert into service_node (id, worker_ids, roles, heartbeat_at) values ($1, '{}', '{sip}', now())`,
    [OTHER],
  )
  expect(await of(OTHER).keep([id], 60_000)).toEqual([id])
})

test('what a node says of a trunk that is another’s by now is not written', async () => {
  const { id } = await store().create(DRAFT)
  await of(NODE).keep([id], 60_000)
  await of(OTHER).tellRegistration(id, { grantedSeconds: 60, error: null })
  expect((await store().get(id))?.standing.registration).toBeNull()
  await of(NODE).tellRegistration(id, { grantedSeconds: 60, error: null })
  await of(NODE).tellRegistration(id, { grantedSeconds: null, error: '503 Busy' })
  // It lasts until its time is over.
  expect((await store().get(id))?.standing.registration).toMatchObject({
    until: expect.any(Date),
    error: '503 Busy',
  })
})

test('calls of all nodes share the places of a trunk, and those of a node that is gone are free', async () => {
  const { id } = await store().create({ ...DRAFT, maxCallsPerSecond: null })
  const [first, second] = [place(), place()]
  expect(await of(NODE).takePlace(id, first)).toBeNull()
  expect(await of(OTHER).takePlace(id, second)).toBeNull()
  expect(await of(NODE).takePlace(id, place())).toBe('calls')
  await db.query('delete from service_node where id = $1', [OTHER])
  expect(await of(NODE).takePlace(id, place())).toBeNull()
  await of(NODE).leavePlace(first)
  expect(await of(NODE).takePlace(id, place())).toBeNull()
  expect((await store().get(id))?.standing.liveCalls).toBe(2)
})

test('a trunk begins a call each two seconds where it may half of one a second', async () => {
  const { id } = await store().create(DRAFT)
  expect(await of(NODE).takePlace(id, place())).toBeNull()
  expect(await of(NODE).takePlace(id, place())).toBe('rate')
  await db.query(`update trunk_state set next_call_at = next_call_at - interval '2 seconds'`)
  expect(await of(NODE).takePlace(id, place())).toBeNull()
})

test('a trunk may be deleted while its calls come in', async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = await store().create({ ...DRAFT, maxCalls: 100, maxCallsPerSecond: 1_000 })
    await of(NODE).takePlace(id, place())
    const taken = Array.from({ length: 20 }, () => of(NODE).takePlace(id, place()))
    const [removed, ...answers] = await Promise.all([store().remove(id), ...taken])
    expect(removed).toBe(true)
    expect(answers.every((answer) => answer === null || answer === 'gone')).toBe(true)
  }
})
