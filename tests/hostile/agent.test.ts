import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { parseTwiml } from '../../src/simulator/carrier/twiml.ts'
import type { ScriptedStream } from '../support/scripted-stream.ts'
import type { ScriptedConversation } from '../support/scripted-vendor.ts'
import { ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'

/*
 * An agent that sends what no agent sends: the caller's conversation goes on, or the agent is taken to be lost; the stream
 * to the carrier never pays for it.
 */

let world: ScriptedWorld

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'silent' })
  await world.startNode()
})
afterAll(() => world.end())

type Call = { id: string; stream: ScriptedStream; conversation: ScriptedConversation }

/** A call whose agent has been reached and has said nothing yet. */
async function callWithAgent(): Promise<Call> {
  const fields = world.carrier.fieldsOf({ sid: newSid('CA'), from: '+15550100031', to: SERVICE_NUMBER })
  await world.carrier.post(`${world.node.origin}/webhooks/inbound`, fields)
  const answer = await world.carrier.post(`${world.node.origin}/webhooks/status-callback`, fields)
  const [connect] = parseTwiml(await answer.text())
  if (connect?.verb !== 'Connect') throw new Error('The leg is not told to connect.')
  const stream = await world.carrier.openStream(connect.stream.url)
  stream.start(fields.CallSid ?? '', connect.parameters)
  const id = connect.stream.url.slice(-36)
  return { id, stream, conversation: await conversationOf(id, 1) }
}

const conversationOf = (callId: string, count: number): Promise<ScriptedConversation> =>
  vi.waitFor(() => {
    const newest = world.vendor.conversationsOf(callId)[count - 1]
    if (!newest) throw new Error(`Conversation ${count} has not begun.`)
    return newest
  })

const expectBridge = ({ id }: Call, bridge: string) =>
  vi.waitFor(async () => {
    expect(await (await world.admin(`/calls/${id}`)).json()).toMatchObject({ state: 'bridged', bridge })
  })

async function talkingCall(): Promise<Call> {
  const call = await callWithAgent()
  call.conversation.begin()
  await expectBridge(call, 'talking')
  return call
}

/** The agent is heard by the caller, so everything before it has been taken. */
async function expectAudio({ stream, conversation }: Call): Promise<void> {
  const before = stream.received.length
  conversation.send({ type: 'audio', audio_event: { audio_base_64: '////', event_id: 99 } })
  await vi.waitFor(() => expect(stream.received.slice(before).map(({ event }) => event)).toContain('media'))
}

const metadata = (conversation_id: unknown, format: unknown = 'ulaw_8000') => ({
  type: 'conversation_initiation_metadata',
  conversation_initiation_metadata_event: {
    conversation_id,
    agent_output_audio_format: format,
    user_input_audio_format: 'ulaw_8000',
  },
})

describe('an agent that introduces itself', () => {
  test.each([
    ['by no name', metadata(undefined)],
    ['by an empty name', metadata('')],
    ['by a number', metadata(7)],
    ['by a name with NUL in it', metadata('conv\0')],
    ['by half a character', metadata('conv\ud800')],
    ['by a name of a megabyte', metadata('c'.repeat(1024 * 1024))],
    ['without saying what it speaks', metadata('conv', undefined)],
  ])('%s has not done so yet', async (_, message) => {
    const call = await callWithAgent()
    call.conversation.send(message)
    call.conversation.begin()
    await expectBridge(call, 'talking')
  })

  test('in an unknown audio format is lost, and not reached for again: it would say the same', async () => {
    const call = await callWithAgent()
    call.conversation.send(metadata('conv', 'alaw_8000'))
    await vi.waitFor(async () => {
      expect(await (await world.admin(`/calls/${call.id}`)).json()).toMatchObject({ state: 'failed' })
    })
    expect(world.vendor.conversationsOf(call.id)).toHaveLength(1)
  })

  test('twice is the same agent', async () => {
    const call = await talkingCall()
    call.conversation.begin()
    await expectAudio(call)
    expect(world.vendor.conversationsOf(call.id)).toHaveLength(1)
  })
})

describe('in a conversation', () => {
  test.each<[string, string | Buffer | object]>([
    ['text that is no JSON', 'hello?'],
    ['bytes', randomBytes(400)],
    ['nothing', ''],
    ['null', 'null'],
    ['very deep JSON', '['.repeat(100_000)],
    ['no type', {}],
    ['a type that is a number', { type: 7 }],
    ['a type that nobody knows', { type: '__proto__' }],
    ['audio that is no base64', { type: 'audio', audio_event: { audio_base_64: '"}}{', event_id: 1 } }],
    ['audio that is a number', { type: 'audio', audio_event: { audio_base_64: 7, event_id: 1 } }],
    ['an interruption by nobody', { type: 'interruption' }],
    ['a correction of nothing', { type: 'agent_response_correction', agent_response_correction_event: {} }],
    ['a ping without a number', { type: 'ping', ping_event: {} }],
    ['a tool without a name', { type: 'client_tool_call', client_tool_call: {} }],
  ])('%s is passed over', async (_, message) => {
    const call = await talkingCall()
    call.conversation.sendRaw(
      typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message),
    )
    await expectAudio(call)
    await expectBridge(call, 'talking')
  })

  test.each<[string, (conversation: ScriptedConversation) => void]>([
    ['a message of three megabytes', (agent) => agent.sendRaw('x'.repeat(3 * 1024 * 1024))],
    ['garbage without end', (agent) => Array.from({ length: 30 }, () => agent.sendRaw('x'))],
    [
      'an error of an odd kind',
      (agent) => {
        agent.send({ type: 'error', error_event: { error_type: 'a\0b'.repeat(10_000), code: 'x' } })
        agent.drop()
      },
    ],
  ])('%s costs the agent, not the stream', async (_, misbehave) => {
    const call = await talkingCall()
    misbehave(call.conversation)
    await expectBridge(call, 'reconnecting')
    expect(call.stream.isOpen).toBe(true)
    const again = await conversationOf(call.id, 2)
    again.begin()
    await expectBridge(call, 'talking')
    await expectAudio({ ...call, conversation: again })
  })

  test('words are kept as far as a database can keep them', async () => {
    const call = await talkingCall()
    call.conversation.sendRaw(
      '{"type":"agent_response","agent_response_event":{"agent_response":"a\\u0000b\\ud83dc"}}',
    )
    call.conversation.sendRaw(
      '{"type":"user_transcript","user_transcription_event":{"user_transcript":"\\u0000"}}',
    )
    await vi.waitFor(async () => {
      const response = await world.admin(`/calls/${call.id}/conversation`)
      const { turns } = (await response.json()) as { turns: { text: string }[] }
      expect(turns.map(({ text }) => text)).toEqual(['a\ufffdb\ufffdc', '\ufffd'])
    })
  })
})
