import { expect, test } from 'vitest'
import type { AgentBackend } from '../../src/calls/agent-settings.ts'
import { agentOf } from '../../src/composition/voice-agents.ts'
import { FakeAgent } from '../media/fake-agent.ts'
import { REQUEST, RecordedAgent } from '../voice-agents/recorded-agent.ts'

const request = (backend: string) => ({
  ...REQUEST,
  agent: { ...REQUEST.agent, backend: backend as AgentBackend },
})

test('an agent is connected to by the backend that its settings name', () => {
  const [elevenlabs, openai] = [new FakeAgent(), new FakeAgent()]
  agentOf({ elevenlabs, openai }).connect(request('openai'), new RecordedAgent())
  expect([elevenlabs.connections.length, openai.connections.length]).toEqual([0, 1])
})

test.each(['openai', 'nobody', 'constructor', ''])(
  'a backend called "%s", which is not there, is said so and for good',
  async (backend) => {
    const agent = new RecordedAgent()
    const connection = agentOf({ elevenlabs: new FakeAgent() }).connect(request(backend), agent)
    expect(agent.reports).toEqual([])
    expect(await agent.over).toBe('lost backend_unavailable')
    expect(agent.isPermanent).toBe(true)
    expect(agent.detail).toBe(`This build has no agent backend "${backend}"; it has: elevenlabs.`)
    connection.close()
  },
)

test('a connection to no backend that is closed at once reports nothing', async () => {
  const agent = new RecordedAgent()
  agentOf({}).connect(request('openai'), agent).close()
  await new Promise(setImmediate)
  expect(agent.reports).toEqual([])
})
