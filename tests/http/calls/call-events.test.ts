import { describe, expect, it } from 'vitest'
import { callEventsRoutes } from '../../../src/http/calls/call-events-routes.ts'
import type { CallSummary, RecordedEvent } from '../../../src/persistence/call-queries.ts'
import { asAdmin, serve, testApp } from '../serve.ts'

const CALL = '019aa0e4-0000-7000-8000-000000000001'

/** One call whose events the test makes happen. */
function setUp() {
  const events: RecordedEvent[] = []
  const followers = new Set<(change: { callId: string }) => void>()
  let endedAt: Date | null = null
  let reads = 0
  const routes = callEventsRoutes({
    queries: {
      get: async (id) => (id === CALL ? ({ id, endedAt } as CallSummary) : null),
      events: async (_id, afterSeq) => {
        reads++
        return events.filter(({ seq }) => seq > afterSeq)
      },
    },
    follow: (follower) => {
      followers.add(follower)
      return () => followers.delete(follower)
    },
  })
  const url = serve(testApp({ adminRoutes: routes }))
  return {
    followers,
    readCount: () => reads,
    happen(stateAfter: string, payload = '') {
      const seq = events.length + 1
      const [stateBefore] = [events.at(-1)?.stateAfter ?? 'greeting']
      const event = { type: 'leg.instructionsRequested', payload }
      events.push({
        seq,
        at: new Date(seq),
        type: 'leg.instructionsRequested',
        event,
        stateBefore,
        stateAfter,
        effects: [],
      })
      if (stateAfter === 'ended') endedAt = new Date(seq)
      for (const follower of followers) follower({ callId: CALL })
    },
    request: async (query = '', headers: Record<string, string> = {}, signal?: AbortSignal) =>
      fetch(`${await url}/api/v1/calls/${CALL}/events${query}`, {
        headers: { ...asAdmin, ...headers },
        ...(signal && { signal }),
      }),
  }
}

/** Server-sent events as they come. */
async function* framesOf(response: Response): AsyncGenerator<{ id: string; data: RecordedEvent }> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, id = '', data = ''] = /^id: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? []
      text = text.slice(end + 2)
      yield { id, data: JSON.parse(data) }
    }
  }
}

async function allSeqs(response: Response): Promise<number[]> {
  const seqs: number[] = []
  for await (const { data } of framesOf(response)) seqs.push(data.seq)
  return seqs
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('the events of a call', () => {
  it('are listed in order, from any of them on', async () => {
    const { happen, request } = setUp()
    for (const state of ['hold', 'joining', 'bridged.talking']) happen(state)
    const all = await (await request()).json()
    expect(all.events.map(({ seq }: RecordedEvent) => seq)).toEqual([1, 2, 3])
    expect(all.events[1]).toMatchObject({ stateBefore: 'hold', stateAfter: 'joining', effects: [] })
    const later = await (await request('?after=2')).json()
    expect(later.events.map(({ seq }: RecordedEvent) => seq)).toEqual([3])
    expect((await request('?after=-1')).status).toBe(422)
  })
})

describe('following a call', () => {
  it('brings what was and what comes, and ends with the call', async () => {
    const { happen, request, followers } = setUp()
    happen('hold')
    const response = await request('?follow')
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const frames = framesOf(response)
    const first = (await frames.next()).value
    expect(first).toMatchObject({
      id: '1',
      data: { seq: 1, stateAfter: 'hold', type: 'leg.instructionsRequested' },
    })
    happen('joining')
    expect((await frames.next()).value).toMatchObject({ id: '2', data: { stateAfter: 'joining' } })
    happen('ended')
    expect((await frames.next()).value).toMatchObject({ id: '3', data: { stateAfter: 'ended' } })
    expect((await frames.next()).done).toBe(true)
    await until(() => followers.size === 0)
  })

  it('goes on after the last event that the client has seen', async () => {
    const { happen, request } = setUp()
    for (const state of ['hold', 'hold', 'ended']) happen(state)
    expect(await allSeqs(await request('?follow=true', { 'last-event-id': '1' }))).toEqual([2, 3])
    expect((await request('?follow=true', { 'last-event-id': 'x' })).status).toBe(400)
  })

  it('tells a client that has seen everything not to come again', async () => {
    const { happen, request } = setUp()
    happen('ended')
    expect((await request('?follow=true', { 'last-event-id': '1' })).status).toBe(204)
  })

  it('stops when the client goes', async () => {
    const { happen, request, followers, readCount } = setUp()
    happen('hold')
    const client = new AbortController()
    const response = await request('?follow', {}, client.signal)
    await framesOf(response).next()
    await until(() => followers.size === 1)
    client.abort()
    await until(() => followers.size === 0)
    const before = readCount()
    happen('hold')
    expect(readCount()).toBe(before)
  })

  it('waits for a client that does not read', async () => {
    const { happen, request, readCount, followers } = setUp()
    for (let i = 0; i < 200; i++) happen('hold', 'x'.repeat(100_000))
    const response = await request('?follow')
    await until(() => followers.size === 1)
    const before = readCount()
    for (let i = 0; i < 5; i++) happen('hold')
    happen('ended')
    // Twenty megabytes fit into no socket's buffers: it is still writing the first batch and has not read on.
    expect(readCount()).toBe(before)
    expect(await allSeqs(response)).toHaveLength(206)
  })

  it('is for calls that exist', async () => {
    const url = await serve(
      testApp({
        adminRoutes: callEventsRoutes({
          queries: { get: async () => null, events: async () => [] },
          follow: () => () => {},
        }),
      }),
    )
    expect((await fetch(`${url}/api/v1/calls/${CALL}/events?follow`, { headers: asAdmin })).status).toBe(404)
  })
})
