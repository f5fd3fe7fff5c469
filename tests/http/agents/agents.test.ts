import { describe, expect, it, test } from 'vitest'
import { agentsRoutes } from '../../../src/http/agents/agents-routes.ts'
import {
  type AgentDraft,
  type AgentStore,
  NumberTakenError,
  type StoredAgent,
} from '../../../src/persistence/agent-store.ts'
import { asAdmin, problemOf, serve, testApp } from '../serve.ts'

const ID = '019aa0e4-0000-7000-8000-000000000001'
const UNKNOWN = '019aa0e4-0000-7000-8000-000000000009'
const TAKEN = '+15550000000'
const stored = (draft: AgentDraft): StoredAgent => ({
  ...draft,
  id: ID,
  createdAt: new Date(0),
  updatedAt: new Date(0),
})

function setUp() {
  const written: Partial<AgentDraft>[] = []
  const draft: AgentDraft = {
    name: 'Ann',
    backend: 'elevenlabs',
    numbers: [],
    tools: [],
    transferNumber: null,
    vendorAgentId: 'agent_ann',
    model: null,
    voiceId: 'voice-of-ann',
    turnDetection: null,
    instructions: null,
    firstMessage: null,
    language: null,
  }
  const write = (change: Partial<AgentDraft>) => {
    written.push(change)
    if (change.numbers?.includes(TAKEN)) throw new NumberTakenError()
    return stored({ ...draft, ...change })
  }
  const agents: AgentStore = {
    list: async () => [stored(draft)],
    get: async (id) => (id === ID ? stored(draft) : null),
    create: async (created) => write(created),
    update: async (id, change) => (id === ID ? write(change) : null),
    remove: async (id) => id === ID,
  }
  const warningsOf = ({ backend }: StoredAgent) => (backend === 'openai' ? ['It has no key.'] : [])
  const routes = agentsRoutes({ agents, warningsOf })
  const url = serve(testApp({ adminRoutes: routes }))
  const request = async (method: string, path: string, body?: unknown) =>
    fetch(`${await url}/api/v1/agents${path}`, {
      method,
      headers: { ...asAdmin, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return { request, written }
}

describe('agents', () => {
  it('are set up with as little as a name', async () => {
    const { request, written } = setUp()
    const response = await request('POST', '', { name: 'Ann' })
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/api/v1/agents/${ID}`)
    expect(written).toEqual([
      {
        name: 'Ann',
        backend: 'elevenlabs',
        vendorAgentId: null,
        model: null,
        voiceId: null,
        instructions: null,
        firstMessage: null,
        language: null,
        turnDetection: null,
        tools: [],
        transferNumber: null,
        numbers: [],
      },
    ])
  })

  it('are changed only in what is sent', async () => {
    const { request, written } = setUp()
    const change = {
      voiceId: null,
      numbers: ['+15551234567', 'sip:desk@example.com'],
      tools: [{ name: 'end' }],
    }
    expect((await request('PATCH', `/${ID}`, change)).status).toBe(200)
    expect((await request('PATCH', `/${ID}`, {})).status).toBe(200)
    expect(written).toEqual([change, {}])
  })

  it('say why calls to them will not go as one may expect', async () => {
    const { request } = setUp()
    const made = await (await request('POST', '', { name: 'Ann', backend: 'openai' })).json()
    expect(made.warnings).toEqual(['It has no key.'])
  })

  it('are set up with what their backend has', async () => {
    const { request, written } = setUp()
    const turnDetection = { type: 'server_vad', silenceDurationMs: 300 }
    const own = { backend: 'openai', model: 'gpt-realtime-2.1-mini', voiceId: 'marin', turnDetection }
    expect((await request('POST', '', { name: 'Ann', ...own })).status).toBe(201)
    expect(written).toMatchObject([own])
    const cleared = { ...own, vendorAgentId: null, voiceId: 'voice_123' }
    expect((await request('PATCH', `/${ID}`, cleared)).status).toBe(200)
  })

  test.each([
    [{ backend: 'openai', vendorAgentId: 'agent_1' }, ['vendorAgentId', 'has no agents of its own']],
    [{ backend: 'openai', voiceId: '21m00Tcm4TlvDq8ikWAM' }, ['voiceId', 'alloy, ash']],
    [
      { backend: 'openai-live', turnDetection: { type: 'server_vad' } },
      ['turnDetection', 'OpenAI Live tells by itself'],
    ],
    [{ backend: 'elevenlabs', model: 'gpt-realtime-2.1' }, ['model', 'is set at ElevenLabs']],
    [{ turnDetection: { type: 'semantic_vad' } }, ['turnDetection', 'is set at ElevenLabs']],
  ])('cannot be set up with %j, and are told how', async (draft, [field, words = '']) => {
    const { request, written } = setUp()
    const response = await request('POST', '', { name: 'Ann', ...draft })
    expect(response.status).toBe(422)
    const { errors } = await problemOf(response)
    expect(errors).toEqual([{ pointer: `#/${field}`, detail: expect.stringContaining(words) }])
    expect(written).toEqual([])
  })

  it('that change their backend must leave behind what was set up with the other', async () => {
    const { request, written } = setUp()
    const response = await request('PATCH', `/${ID}`, { backend: 'openai' })
    expect(response.status).toBe(422)
    expect((await problemOf(response)).errors).toEqual([
      { pointer: '#/vendorAgentId', detail: expect.stringContaining('to be sent along') },
      { pointer: '#/voiceId', detail: expect.stringContaining('to be sent along') },
    ])
    expect(written).toEqual([])
    expect((await request('PATCH', `/${UNKNOWN}`, { backend: 'openai' })).status).toBe(404)
  })

  it('have vendors that say what can be set up with each', async () => {
    const { request } = setUp()
    const { backends } = await (await request('GET', '/../agent-backends')).json()
    expect(backends).toMatchObject([
      { backend: 'elevenlabs', speaksClones: true, voices: null, turnDetection: [] },
      { backend: 'openai', speaksClones: false, voices: expect.arrayContaining(['marin']) },
      {
        backend: 'openai-live',
        speaksClones: false,
        voices: expect.arrayContaining(['willow']),
        turnDetection: [],
      },
    ])
  })

  it('are listed, shown and removed', async () => {
    const { request } = setUp()
    expect(await (await request('GET', '')).json()).toMatchObject({ agents: [{ id: ID, name: 'Ann' }] })
    expect(await (await request('GET', `/${ID}`)).json()).toMatchObject({ id: ID })
    expect((await request('DELETE', `/${ID}`)).status).toBe(204)
  })

  test.each([
    ['GET', undefined],
    ['PATCH', { name: 'Bo' }],
    ['DELETE', undefined],
  ])('are unknown to %s', async (method, body) => {
    const { request } = setUp()
    expect((await request(method, `/${UNKNOWN}`, body)).status).toBe(404)
    expect((await request(method, '/not-an-id', body)).status).toBe(404)
  })

  it('cannot take a number from each other', async () => {
    const { request } = setUp()
    expect((await request('POST', '', { name: 'Bo', numbers: [TAKEN] })).status).toBe(409)
    const response = await request('PATCH', `/${ID}`, { numbers: [TAKEN] })
    expect(response.status).toBe(409)
    expect((await problemOf(response)).detail).toContain('Another agent')
  })

  test.each([
    [{}, '#/name'],
    [{ name: '' }, '#/name'],
    [{ name: 'a\0b' }, '#/name'],
    [{ name: 'a\ud800' }, '#/name'],
    [{ name: 'Ann', backend: 'parrot' }, '#/backend'],
    [{ name: 'Ann', language: 'English' }, '#/language'],
    [{ name: 'Ann', transferNumber: '911' }, '#/transferNumber'],
    [{ name: 'Ann', numbers: ['555 0199'] }, '#/numbers/0'],
    [{ name: 'Ann', numbers: ['+15551234567', '+15551234567'] }, '#/numbers'],
    [{ name: 'Ann', tools: [{ text: '\0' }] }, '#/tools/0'],
    [{ name: 'Ann', tools: ['end'] }, '#/tools/0'],
    [{ name: 'Ann', nmae: 'Ann' }, '#/nmae'],
    [{ name: 'Ann', backend: 'openai', turnDetection: { type: 'guess' } }, '#/turnDetection/type'],
    [
      { name: 'Ann', backend: 'openai', turnDetection: { type: 'server_vad', threshold: 2 } },
      '#/turnDetection/threshold',
    ],
  ])('are not made of %j', async (body, pointer) => {
    const { request, written } = setUp()
    const response = await request('POST', '', body)
    expect(response.status).toBe(422)
    expect((await problemOf(response)).errors?.[0]?.pointer).toBe(pointer)
    expect(written).toEqual([])
  })
})
