import { describe, expect, it } from 'vitest'
import { replayRoutes } from '../../../src/http/calls/replay-routes.ts'
import { readCallFile } from '../../../src/replay/call-file.ts'
import type { RecordedCall } from '../../../src/replay/recorded-call.ts'
import { asIfRecorded, CALL_ID, recorded } from '../../replay/recording.ts'
import { asAdmin, problemOf, serve, testApp } from '../serve.ts'

async function ask(path: string, call: RecordedCall = recorded()): Promise<Response> {
  const find = async (id: string) => (id === call.id ? call : null)
  const url = await serve(testApp({ adminRoutes: replayRoutes({ recorded: find }) }))
  return fetch(`${url}/api/v1/calls/${path}`, { headers: asAdmin })
}

describe('a call, replayed', () => {
  it('has every step, recorded and reproduced', async () => {
    const replay = await (await ask(`${CALL_ID}/replay`)).json()
    expect(replay).toMatchObject({ call: { id: CALL_ID, outcome: 'caller_hung_up' }, firstDifference: null })
    expect(replay.steps).toHaveLength(8)
    expect(replay.steps[1]).toMatchObject({
      type: 'leg.instructionsRequested',
      recorded: { stateBefore: 'greeting', stateAfter: 'hold' },
      reproduced: { stateAfter: 'hold', leg: [{ do: 'hold', round: 1 }, { do: 'poll' }] },
    })
  })

  it('says where the chart does otherwise', async () => {
    const changed = asIfRecorded(recorded(), 3, () => ({ stateAfter: 'waiting' }))
    const { steps, firstDifference } = await (await ask(`${CALL_ID}/replay`, changed)).json()
    expect(firstDifference).toBe(2)
    expect(steps[2].differences).toEqual([{ what: 'state', recorded: 'waiting', reproduced: 'hold' }])
  })

  it('cannot be when its beginning is gone', async () => {
    const response = await ask(`${CALL_ID}/replay`, { ...recorded(), events: [] })
    expect(response.status).toBe(409)
    expect((await problemOf(response)).detail).toBe(`Nothing was written down of call ${CALL_ID}.`)
  })
})

describe('a call as a file', () => {
  it('is one that can be replayed', async () => {
    const response = await ask(`${CALL_ID}/export`)
    expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/)
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename=call-${CALL_ID}.jsonl`)
    expect(readCallFile(await response.text())).toEqual(recorded())
  })
})

it.each(['replay', 'export'])('%s knows no other call', async (what) => {
  for (const id of ['01900000-0000-7000-8000-000000000000', 'not-an-id']) {
    expect((await ask(`${id}/${what}`)).status).toBe(404)
  }
})
