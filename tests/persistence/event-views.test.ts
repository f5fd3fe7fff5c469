import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

/* What people read of the event log in the views over it. */

let db: OpenTestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())

test.each([
  ['leg.instructionsRequested', '4', 'poll'],
  ['leg.asked', '3', 'poll'],
  ['voice.ready', '4', 'moved'],
])('a caller who left hold by %s of chart %s is told as %s', async (type, chart, by) => {
  const id = randomUUID()
  await db.query(
    `insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, public_origin, media_secret,
       state, voice_state, snapshot, chart_version, last_seq)
     values ($1, 'twilio', $2, 'inbound', '+1', '+2', 'https://x', 's', 'joining', 'cloned', '{}', $3, 2)`,
    [id, `CA${id}`, chart],
  )
  await db.query(
    `insert into call_event (call_id, seq, type, event, state_before, state_after, effects, at)
     values ($1, 2, $2, '{}', 'hold', 'joining', '[]', now())`,
    [id, type],
  )
  expect(
    await db.query(
      'select transferred_from as from, transferred_by as by from clone_transfer_events where call_id = $1',
      [id],
    ),
  ).toEqual([{ from: 'hold', by }])
})
