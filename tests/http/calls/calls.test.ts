import { describe, expect, it, test } from 'vitest'
import type { CallEvent } from '../../../machines/call-events.ts'
import { type CallsOptions, callsRoutes } from '../../../src/http/calls/calls-routes.ts'
import type { CallCursor, CallFilter, CallSummary } from '../../../src/persistence/call-queries.ts'
import { keptAudio } from '../../support/kept-audio.ts'
import { asAdmin, problemOf, serve, testApp } from '../serve.ts'

const idOf = (n: number) => `019aa0e4-0000-7000-8000-${String(n).padStart(12, '0')}`

const call = (n: number): CallSummary => ({
  id: idOf(n),
  provider: 'twilio',
  providerCallId: `CA${n}`,
  direction: 'inbound',
  from: '+15551234567',
  to: '+15557654321',
  agentId: null,
  state: 'hold',
  bridge: null,
  voice: 'cloning',
  voiceId: null,
  callerVerification: 'trunk',
  voiceWithheld: null,
  startedAt: new Date(1_700_000_000_000 + n),
  bridgedAt: null,
  endedAt: null,
  outcome: null,
  fault: null,
  transferTo: null,
  transferOutcome: null,
})

const legOf = (callId: string) => ({
  id: `${callId.slice(0, -1)}f`,
  role: 'caller' as const,
  provider: 'twilio' as const,
  providerCallId: null,
  startedAt: new Date(1_700_000_000_000),
  endedAt: null,
  endReason: null,
})

type Page = { calls: { callId: string }[]; nextCursor: string | null }

const CALLS = [5, 4, 3, 2, 1].map(call)

function setUp(given: Partial<CallsOptions> = {}) {
  const asked: { filter: CallFilter; after?: CallCursor }[] = []
  const sent: CallEvent[] = []
  const options: CallsOptions = {
    calls: {
      send: async ({ callId }, event) => {
        sent.push(event)
        return callId === idOf(1) ? { view: { state: 'closing' }, handled: true } : null
      },
    },
    queries: {
      list: async (filter, { limit, after }) => {
        asked.push({ filter, ...(after && { after }) })
        const from = after ? CALLS.findIndex(({ id }) => id === after.id) + 1 : 0
        return CALLS.slice(from, from + limit)
      },
      get: async (id) => CALLS.find((known) => known.id === id) ?? null,
      legs: async (callId) => [legOf(callId)],
    },
    conversations: { turns: async () => [], report: async () => [], audio: async () => null },
    ...given,
  }
  const url = serve(testApp({ adminRoutes: callsRoutes(options) }))
  const request = async (path: string, method = 'GET') =>
    fetch(`${await url}/api/v1${path}`, { method, headers: asAdmin })
  return { request, asked, sent }
}

describe('the list of calls', () => {
  it('comes in pages, each call once', async () => {
    const { request } = setUp()
    const seen: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const page: Page = await (await request(`/calls?limit=2${next}`)).json()
      expect(page.calls.length).toBeLessThanOrEqual(2)
      seen.push(...page.calls.map(({ callId }) => callId))
      next = page.nextCursor && `&cursor=${page.nextCursor}`
    }
    expect(seen).toEqual(CALLS.map(({ id }) => id))
  })

  it('takes every filter', async () => {
    const { request, asked } = setUp()
    const response = await request(
      '/calls?state=hold&provider=twilio&from=+15551234567&to=%2B15557654321&since=2026-01-01' +
        '&until=2026-01-02T03:04:05%2B01:00&outcome=caller_hung_up&provider_call_id=CA1&active=false',
    )
    expect(response.status).toBe(200)
    expect(asked[0]?.filter).toEqual({
      state: 'hold',
      provider: 'twilio',
      from: '+15551234567',
      to: '+15557654321',
      since: new Date('2026-01-01T00:00:00Z'),
      until: new Date('2026-01-02T02:04:05Z'),
      outcome: 'caller_hung_up',
      providerCallId: 'CA1',
      active: false,
    })
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['state=sleeping', 'state'],
    ['outcome=happy', 'outcome'],
    ['since=yesterday', 'since'],
    ['active=perhaps', 'active'],
    ['active=yes', 'active'],
    ['active=', 'active'],
    ['cursor=nonsense', 'cursor'],
    ['from=%00', 'from'],
    ['from=1&from=2', 'from'],
    ['colour=red', 'colour'],
  ])('refuses %s', async (query, parameter) => {
    const response = await setUp().request(`/calls?${query}`)
    expect(response.status).toBe(422)
    expect((await problemOf(response)).errors?.[0]?.parameter).toBe(parameter)
  })
})

describe('one call', () => {
  it('is shown with both names of its id', async () => {
    const body = await (await setUp().request(`/calls/${idOf(3)}`)).json()
    expect(body).toMatchObject({
      id: idOf(3),
      callId: idOf(3),
      provider_call_id: 'CA3',
      state: 'hold',
      outcome: null,
    })
    const { startedAt, ...leg } = legOf(idOf(3))
    expect(body).toMatchObject({ legs: [{ ...leg, startedAt: startedAt.toISOString() }] })
  })

  test.each(['', '/conversation'])('is unknown at /calls/{id}%s', async (path) => {
    const { request } = setUp()
    expect((await request(`/calls/${idOf(99)}${path}`)).status).toBe(404)
    expect((await request(`/calls/not-an-id${path}`)).status).toBe(404)
  })

  test.each([
    ['GET', ''],
    ['GET', '/conversation'],
    ['POST', '/hangup'],
  ])("says what an id looks like to %s /calls/{id}%s with a carrier's", async (method, path) => {
    const response = await setUp().request(`/calls/CA1${path}`, method)
    const { detail, errors } = await problemOf(response)
    expect(response.status).toBe(404)
    expect(detail).toMatch(/^There is no such call: id must be a UUID.*provider_call_id=/)
    expect(errors?.map(({ parameter }) => parameter)).toEqual(['id'])
  })

  it('has a conversation', async () => {
    const at = new Date(0)
    const turns = [{ role: 'agent' as const, text: 'Hello there', heard: 'Hello', interrupted: true, at }]
    const reports = [{ conversationId: 'conv_1', transcription: { analysis: {} }, hasAudio: true }]
    const { request } = setUp({
      conversations: { turns: async () => turns, report: async () => reports, audio: async () => null },
    })
    const body = await (await request(`/calls/${idOf(1)}/conversation`)).json()
    expect(body).toEqual({ turns: [{ ...turns[0], at: at.toISOString() }], reports })
  })

  it('gives out the recording of a conversation that is its own, and of no other', async () => {
    const audio = async (callId: string, conversationId: string) =>
      keptAudio(callId === idOf(1) && conversationId === 'conv_1' ? Buffer.from('sound') : null)
    const { request } = setUp({
      conversations: { turns: async () => [], report: async () => [], audio },
    })
    const found = await request(`/calls/${idOf(1)}/conversations/conv_1/audio`)
    expect(found.headers.get('content-type')).toBe('audio/mpeg')
    expect(found.headers.get('cache-control')).toBe('no-store')
    expect(await found.text()).toBe('sound')
    for (const path of [`${idOf(2)}/conversations/conv_1`, `${idOf(1)}/conversations/conv_2`]) {
      expect((await request(`/calls/${path}/audio`)).status).toBe(404)
    }
  })
})

describe('hanging up', () => {
  it('tells the call', async () => {
    const { request, sent } = setUp()
    const response = await request(`/calls/${idOf(1)}/hangup`, 'POST')
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({ id: idOf(1), state: 'closing' })
    expect(sent).toEqual([{ type: 'operator.hangupRequested', by: 'api' }])
  })

  it('is 404 for a call that never was, and 409 for one that has ended', async () => {
    expect((await setUp().request(`/calls/${idOf(9)}/hangup`, 'POST')).status).toBe(404)
    const { request } = setUp({
      calls: { send: async () => ({ view: { state: 'ended' }, handled: false }) },
    })
    const response = await request(`/calls/${idOf(1)}/hangup`, 'POST')
    expect(response.status).toBe(409)
    expect((await problemOf(response)).detail).toBe('The call has ended.')
  })
})
