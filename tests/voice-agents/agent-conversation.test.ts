import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { AgentStage } from './agent-stage.ts'
import { REQUEST, SILENCE_MS } from './recorded-agent.ts'
import type { VendorConversation } from './vendor-end.ts'

/*
 * What an agent and this end say to each other.
 */

const stage = AgentStage.set()

describe('an agent that begins', () => {
  test('is told of the call first, and what was said before', async () => {
    const said = { role: 'caller', text: 'Hello?', interrupted: false, at: new Date(0) } as const
    const { conversation } = await stage.talking({ voiceId: 'voice_1', conversationSoFar: [said] })
    expect(conversation.received[0]).toMatchObject({
      type: 'conversation_initiation_client_data',
      dynamic_variables: { call_id: REQUEST.callId },
      conversation_config_override: { tts: { voice_id: 'voice_1' } },
    })
    expect(conversation.received[1]).toMatchObject({ type: 'contextual_update' })
    conversation.drop()
  })

  test('does not welcome a caller again, unless the vendor gives no leave to say so', async () => {
    const said = { role: 'agent', text: 'Hello!', interrupted: false, at: new Date(0) } as const
    const { agent, conversation } = await stage.dialled({ conversationSoFar: [said] })
    const override = { agent: { first_message: '' } }
    expect(conversation.received[0]).toMatchObject({ conversation_config_override: override })
    expect(agent.reports).toEqual([])

    const next = stage.vendor.next()
    conversation.close(1008, 'Override for field first_message is not allowed by config.')
    const again = await next
    await again.hears(({ type }) => type === 'conversation_initiation_client_data')
    expect(again.received[0]).not.toHaveProperty('conversation_config_override')
    again.begin()
    await again.settled()
    expect(agent.reports).toEqual(['refused first_message; voice null', 'ready conv_1'])
    again.drop()
  })

  test('after an interruption is asked to go on, which nobody is said to have said', async () => {
    const said = { role: 'agent', text: 'Hello!', interrupted: false, at: new Date(0) } as const
    const { agent, conversation } = await stage.talking({ conversationSoFar: [said] })
    const nudge = await conversation.hears(({ type }) => type === 'user_message')
    const user_transcript = (nudge as { text?: string }).text
    conversation.send({ type: 'user_transcript', user_transcription_event: { user_transcript } })
    conversation.send({ type: 'agent_response', agent_response_event: { agent_response: 'Where were we?' } })
    await conversation.settled()
    expect(agent.reports).toEqual(['agent: Where were we?'])
    conversation.drop()
  })

  test('is told what the caller keyed in as a turn of theirs, which is written down once', async () => {
    const { agent, conversation, connection } = await stage.talking()
    connection.sendDtmf('12#')
    const keyed = await conversation.hears(({ type }) => type === 'user_message')
    expect(keyed).toEqual({ type: 'user_message', text: '(I pressed 1 2 # on the keypad.)' })
    const user_transcript = (keyed as { text?: string }).text
    conversation.send({ type: 'user_transcript', user_transcription_event: { user_transcript } })
    await conversation.settled()
    expect(agent.reports).toEqual(['caller: (I pressed 1 2 # on the keypad.)'])
    conversation.drop()
  })

  test('that is refused once more is lost', async () => {
    const said = { role: 'agent', text: 'Hello!', interrupted: false, at: new Date(0) } as const
    const { agent, conversation } = await stage.dialled({ conversationSoFar: [said] })
    const next = stage.vendor.next()
    conversation.close(1008, 'no')
    const again = await next
    again.close(1008, 'no')
    await vi.waitFor(() => expect(agent.reports).toEqual(['lost closed_1008']))
  })
})

describe('in a conversation', () => {
  test('what was talked over is not heard, and what comes after is', async () => {
    const { agent, conversation } = await stage.talking()
    conversation.audio(4, 'AAAA')
    conversation.send({ type: 'interruption', interruption_event: { event_id: 5 } })
    conversation.audio(4, 'BBBB')
    conversation.audio(5, 'CCCC')
    conversation.audio(6, 'DDDD')
    await conversation.settled()
    expect(agent.reports).toEqual(['audio AAAA', 'interrupted', 'audio CCCC', 'audio DDDD'])
    conversation.drop()
  })

  test('a flood of pings is answered, each with its number', async () => {
    const { conversation } = await stage.talking()
    const before = conversation.received.length
    const numbers = Array.from({ length: 5_000 }, (_, number) => number)
    for (const event_id of numbers) conversation.send({ type: 'ping', ping_event: { event_id, ping_ms: 9 } })
    await conversation.settled()
    const answered = conversation.received.slice(before, -1)
    expect(answered).toEqual(numbers.map((event_id) => ({ type: 'pong', event_id })))
    conversation.drop()
  })

  test('a ping before the beginning is answered, too', async () => {
    const { connection, conversation } = await stage.dialled()
    await conversation.settled()
    connection.close()
  })

  test('a tool that this line does not have fails, so that the agent need not wait for it', async () => {
    const { conversation } = await stage.talking()
    conversation.send({
      type: 'client_tool_call',
      client_tool_call: { tool_name: 'look_up', tool_call_id: 't1', parameters: {} },
    })
    const result = await conversation.hears(({ type }) => type === 'client_tool_result')
    expect(result).toMatchObject({ tool_call_id: 't1', is_error: true })
    conversation.drop()
  })

  test('twenty odd messages are forgiven, and one more is not', async () => {
    const { agent, conversation } = await stage.talking()
    for (let message = 0; message < 20; message++)
      conversation.sendRaw(message % 2 ? '<html>' : Buffer.from([0]))
    await conversation.settled()
    expect(agent.reports).toEqual([])
    conversation.sendRaw('{"type":7}')
    expect(await agent.over).toBe('lost garbage')
    expect(await conversation.closed).toBe(1000)
  })

  test('messages of a kind that nobody knows yet are no odd ones', async () => {
    const { agent, conversation } = await stage.talking()
    for (let message = 0; message < 100; message++) conversation.send({ type: 'news', news_event: {} })
    await conversation.settled()
    expect(agent.reports).toEqual([])
    conversation.drop()
  })
})

type Deed = [name: string, does: (conversation: VendorConversation) => void]

const DEEDS: Deed[] = [
  ['begins', (agent) => agent.begin()],
  ['begins in another format', (agent) => agent.begin({ agent: 'pcm_16000' })],
  ['speaks', (agent) => agent.audio(3)],
  ['is interrupted', (agent) => agent.send({ type: 'interruption', interruption_event: { event_id: 4 } })],
  ['pings', (agent) => agent.send({ type: 'ping', ping_event: { event_id: 1 } })],
  ['fails', (agent) => agent.error('llm_timeout')],
  ['lasted too long', (agent) => agent.error('max_duration_exceeded')],
  [
    'hangs up',
    (agent) => agent.send({ type: 'agent_tool_response', agent_tool_response: { tool_name: 'end_call' } }),
  ],
  ['says nonsense', (agent) => agent.sendRaw('<html>')],
  ['says much nonsense', (agent) => Array.from({ length: 21 }, () => agent.sendRaw(Buffer.from([1])))],
  ['breaks the rules', (agent) => agent.write(Buffer.from([0xf1, 0x00]))],
  ['closes in order', (agent) => agent.close(1000)],
  ['closes for a fault', (agent) => agent.close(1011)],
  ['drops the line', (agent) => agent.drop()],
  ['keeps silent', () => vi.advanceTimersByTime(SILENCE_MS + 1_000)],
]

test('whatever an agent does, in whatever order, it is over once, and then nothing more is reported', async () => {
  const deeds = fc.array(fc.constantFrom(...DEEDS), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(deeds, fc.boolean(), async (script, together) => {
      const { agent, conversation } = await stage.dialled()
      for (const [, does] of script) {
        does(conversation)
        if (!together) await new Promise(setImmediate)
      }
      conversation.drop()
      const end = await agent.over
      await stage.timersLeft()
      expect(agent.ends).toEqual([end])
      expect(agent.reports.at(-1)).toBe(end)
    }),
    { numRuns: 150 },
  )
})
