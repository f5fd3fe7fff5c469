import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { World } from '../support/world.ts'

const ANN = '+15550040001'

let world: World
beforeAll(async () => {
  world = await World.begin({ settings: { DEFAULT_COUNTRY: 'US' } })
  await world.giveVoice('+1 (555) 004-0001')
})
afterEach(() => world.mend())
afterAll(() => world.end())

/** What the agent speaks with to this caller. */
async function voiceOf(from: string): Promise<{ voice: string; from: string }> {
  const call = await world.call(from).reaches('bridged.talking')
  const [row] = await world.db.query<{ voice: string; from: string }>(
    'select voice_state as voice, from_number as "from" from call_log where provider_call_id = $1',
    [call.sid],
  )
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
  return row ?? { voice: 'none', from: 'nobody' }
}

describe('A voice that is on file', () => {
  test.each([ANN, '15550040001', '5550040001', 'tel:+15550040001'])(
    'is found for a caller whom the carrier calls %s',
    async (from) => {
      expect(await voiceOf(from)).toEqual({ voice: expect.stringMatching(/^clon|^cached/), from: ANN })
    },
  )

  test.each(['+1 555 004 0001', '(555) 004-0001', '15550040001'])('is read under %s', async (spelling) => {
    const response = await world.admin(`/voices/${encodeURIComponent(spelling)}`)
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ callerId: ANN }),
    ])
    const found = await world.admin(`/voices?search=${encodeURIComponent(spelling)}`)
    expect(await found.json()).toMatchObject({ voices: [{ callerId: ANN }] })
  })

  test.each(['+1 555 004 0001', '5550040001'])('has its calls listed under %s', async (spelling) => {
    const response = await world.admin(`/calls?from=${encodeURIComponent(spelling)}&limit=1`)
    expect(await response.json()).toMatchObject({ calls: [{ from: ANN }] })
  })

  test('is forgotten in any spelling', async () => {
    const forget = (spelling: string) =>
      world.admin(`/cache/${encodeURIComponent(spelling)}`, { method: 'DELETE' })
    expect((await forget('+1-555-004-0001')).status).toBe(204)
    expect((await forget(ANN)).status).toBe(404)
  })
})

describe('Who withholds their number', () => {
  test.each(['anonymous', 'Restricted', '+266696687', 'sip:anonymous@anonymous.invalid'])(
    'as %s is given no voice',
    async (id) => {
      await expect(world.giveVoice(id)).rejects.toThrow(/422.*names nobody/)
    },
  )

  test.each(['anonymous', '+266696687'])('as %s hears none that was on file before', async (id) => {
    await world.db.query(
      `insert into caller_voice_mapping (caller_id, name, sample_key, consent_by, consent_at)
       select $1, name, sample_key, consent_by, consent_at from caller_voice_mapping where caller_id = $2`,
      [id, ANN],
    )
    expect((await voiceOf(id)).voice).toBe('default')
    // It can still be read and deleted.
    const path = `/voices/${encodeURIComponent(id)}`
    expect((await world.admin(path, { method: 'DELETE' })).status).toBe(204)
  })
})

test('a number of no country is refused with what to do', async () => {
  const node = await world.startNode({ DEFAULT_COUNTRY: '' })
  const body = JSON.stringify({ name: 'Local', numbers: ['5550040009'] })
  const headers = { 'content-type': 'application/json' }
  const response = await world.admin('/agents', { method: 'POST', headers, body }, node)
  expect(response.status).toBe(422)
  expect(await response.text()).toContain('DEFAULT_COUNTRY')
}, 60_000)

test('what was stored in another spelling is found after the next start', async () => {
  await world.db.query(
    `insert into caller_voice_mapping (caller_id, name, sample_key, consent_by, consent_at)
     select '15550040002', name, sample_key, consent_by, consent_at from caller_voice_mapping where caller_id = $1`,
    [ANN],
  )
  await world.startNode()
  const ids = await world.db.query('select caller_id from caller_voice_mapping order by caller_id')
  expect(ids).toEqual([{ caller_id: ANN }, { caller_id: '+15550040002' }])
}, 60_000)
