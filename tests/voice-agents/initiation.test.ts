import { describe, expect, test } from 'vitest'
import type { AgentSettings } from '../../src/calls/agent-settings.ts'
import type { AgentRequest, Turn } from '../../src/media/agent-port.ts'
import { historyOf, initiation } from '../../src/voice-agents/elevenlabs/initiation.ts'

const BARE: AgentSettings = {
  id: 'a1',
  name: 'Agent',
  backend: 'elevenlabs',
  vendorAgentId: null,
  model: null,
  turnDetection: null,
  voiceId: null,
  instructions: null,
  firstMessage: null,
  language: null,
}

function request(change: Partial<AgentRequest> = {}, agent: Partial<AgentSettings> = {}): AgentRequest {
  return {
    callId: 'call-1',
    from: '+15550100001',
    to: '+15550199999',
    voiceId: null,
    refusedOverrides: [],
    conversationSoFar: [],
    ...change,
    agent: { ...BARE, ...agent },
  }
}

const turn = (role: Turn['role'], text: string, heard?: string): Turn => ({
  role,
  text,
  at: new Date(0),
  interrupted: heard !== undefined,
  ...(heard !== undefined && { heard }),
})

const overrides = (change?: Partial<AgentRequest>, agent?: Partial<AgentSettings>) =>
  JSON.parse(initiation(request(change, agent))).conversation_config_override

describe('the first message to the agent', () => {
  test('overrides nothing that is not set: each override would need its switch at the vendor', () => {
    expect(JSON.parse(initiation(request()))).toEqual({
      type: 'conversation_initiation_client_data',
      dynamic_variables: { call_id: 'call-1', caller: '+15550100001', called_number: '+15550199999' },
    })
  })

  test('names the voice', () => {
    expect(overrides({ voiceId: 'voice_1' })).toEqual({ tts: { voice_id: 'voice_1' } })
  })

  test.each<[Partial<AgentSettings>, object]>([
    [{ firstMessage: 'Hi!' }, { first_message: 'Hi!' }],
    [{ firstMessage: '' }, { first_message: '' }],
    [{ language: 'de' }, { language: 'de' }],
    [{ instructions: 'Be brief.' }, { prompt: { prompt: 'Be brief.' } }],
    [
      { language: 'de', firstMessage: 'Hi!' },
      { language: 'de', first_message: 'Hi!' },
    ],
  ])('overrides %j and nothing else', (agent, override) => {
    expect(overrides({}, agent)).toEqual({ agent: override })
  })

  test('does not greet a caller twice', () => {
    const conversationSoFar = [turn('agent', 'Hi!')]
    expect(overrides({ conversationSoFar }, { firstMessage: 'Hi!' })).toEqual({
      agent: { first_message: '' },
    })
    expect(overrides({ conversationSoFar })).toEqual({ agent: { first_message: '' } })
  })
})

describe('the conversation so far', () => {
  test('is nothing before the first word', () => {
    expect(historyOf([])).toBeNull()
  })

  test('is told in order, and of what was cut short only what was heard', () => {
    const history = historyOf([turn('agent', 'Hello there, caller.', 'Hello'), turn('caller', 'Stop.')])
    expect(history?.split('\n').slice(1)).toEqual(['You: Hello', 'Caller: Stop.'])
    expect(history).toMatch(/^The line to the caller was interrupted/)
  })

  test('of a long call is its end', () => {
    const turns = Array.from({ length: 1_000 }, (_, i) => turn('caller', `${i}: ${'x'.repeat(100)}`))
    const lines = historyOf(turns)?.split('\n').slice(1) ?? []
    expect(lines.at(-1)).toContain('999: ')
    expect(lines.length).toBeGreaterThan(50)
    expect(lines.join('').length).toBeLessThanOrEqual(8_000)
  })

  test('is never a turn that alone is too long', () => {
    expect(historyOf([turn('caller', 'x'.repeat(9_000))])?.length).toBeLessThan(9_000)
  })
})
