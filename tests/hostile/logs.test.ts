import { createHmac, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { parseTwiml, type VerbOf } from '../../src/simulator/carrier/twiml.ts'
import type { ScriptedConversation } from '../support/scripted-vendor.ts'
import { ScriptedWorld } from '../support/scripted-world.ts'

/*
 * Whole calls, good ones and bad ones, at the level that operators run; then the log is searched for what must not be in it.
 */

const NUMBERS = ['+15557654321', '+4915112345678', '+15550199999']
const SIP_CALLER = 'sip:zachary.quimby@example.com'
const WORDS = {
  caller: 'My account number is fourteen fifty-nine.',
  agent: 'Thank you, Zachary, your balance is low.',
  heard: 'Thank you, Zachary,',
  report: 'The caller sounded unhappy about the balance.',
}
const CONSENT = 'Ignatius Quimby, 2026-01-05'
/** The service, a database and a busy machine. */
const SOON = { timeout: 10_000 }
const WEBHOOK_SECRET = randomBytes(16).toString('hex')
const DATABASE_PASSWORD = /:\/\/[^:]+:([^@]+)@/

let world: ScriptedWorld
/** Everything that was handed out or set and must stay between those who know it. */
const secrets: string[] = []

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'info', ELEVENLABS_WEBHOOK_SECRET: WEBHOOK_SECRET })
  await world.startNode()
  const [, password] = DATABASE_PASSWORD.exec(world.db.url) ?? []
  secrets.push(world.adminKey, world.carrier.authToken, world.vendor.apiKey, WEBHOOK_SECRET, password ?? '')
  await giveVoice(NUMBERS[0] ?? '')
  await goodCall(NUMBERS[0] ?? '')
  await badCall(NUMBERS[1] ?? '')
  await badCall(SIP_CALLER)
  await badRequests()
})
afterAll(() => world.end())

const url = (path: string) => `${world.node.origin}${path}`
const log = () => world.node.output

async function giveVoice(callerId: string): Promise<void> {
  await world.giveVoice(callerId)
  expect((await putVoice(callerId, 'no sound')).status).toBe(422)
}

function putVoice(callerId: string, sample: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  const form = new FormData()
  form.set('name', 'Ignatius')
  form.set('consent', CONSENT)
  form.set('sample', new File([sample], `${callerId}.wav`))
  return world.admin(`/voices/${encodeURIComponent(callerId)}`, { method: 'PUT', body: form })
}

type Call = { id: string; fields: Record<string, string> }

/** Comes in, is cloned for when there is a voice, and is bridged; resolves with its conversation. */
async function bridge(from: string): Promise<Call & { conversation: ScriptedConversation; drop(): void }> {
  const fields = world.carrier.fieldsOf({ sid: newSid('CA'), from, to: NUMBERS[2] ?? '' })
  await world.carrier.post(url('/webhooks/inbound'), fields)
  const connect = await vi.waitFor(async () => {
    for (const name of world.vendor.cloning) world.vendor.finishClone(name)
    return connectIn(await (await world.carrier.post(url('/webhooks/status-callback'), fields)).text())
  }, SOON)
  const token = connect.parameters.token ?? ''
  secrets.push(token)
  const stream = await world.carrier.openStream(connect.stream.url)
  stream.start(fields.CallSid ?? '', { token })
  const id = connect.stream.url.slice(-36)
  return { id, fields, conversation: await conversationOf(id, 1), drop: () => stream.drop() }
}

function connectIn(document: string): VerbOf<'Connect'> {
  const [verb] = parseTwiml(document)
  if (verb?.verb !== 'Connect') throw new Error(`The leg is told ${document}`)
  return verb
}

function conversationOf(callId: string, count: number): Promise<ScriptedConversation> {
  return vi.waitFor(() => {
    const all = world.vendor.conversationsOf(callId)
    const newest = all[count - 1]
    if (!newest) throw new Error(`There are ${all.length} conversations, not ${count}.`)
    return newest
  }, SOON)
}

/** Says everything that can be said in a conversation. */
function talk(conversation: ScriptedConversation): void {
  conversation.begin()
  const say = (type: string, event: object) => conversation.send({ type, [`${type}_event`]: event })
  conversation.send({ type: 'agent_response', agent_response_event: { agent_response: WORDS.agent } })
  conversation.send({ type: 'audio', audio_event: { audio_base_64: '////', event_id: 1 } })
  conversation.send({ type: 'user_transcript', user_transcription_event: { user_transcript: WORDS.caller } })
  say('interruption', { event_id: 2 })
  say('agent_response_correction', {
    original_agent_response: WORDS.agent,
    corrected_agent_response: WORDS.heard,
  })
  const call = { tool_name: WORDS.caller, tool_call_id: 'tool-1', parameters: { words: WORDS.caller } }
  conversation.send({ type: 'client_tool_call', client_tool_call: call })
  conversation.send({ type: 'user_transcript', user_transcription_event: WORDS.caller })
  conversation.send({ [WORDS.caller]: WORDS.agent })
}

const turnsOf = async (id: string) =>
  ((await (await world.admin(`/calls/${id}/conversation`)).json()) as { turns: unknown[] }).turns

async function goodCall(from: string): Promise<void> {
  const { id, fields, conversation } = await bridge(from)
  talk(conversation)
  await vi.waitFor(async () => expect(await turnsOf(id)).toHaveLength(2), SOON)
  conversation.drop()
  talk(await conversationOf(id, 2))
  await vi.waitFor(async () => expect(await turnsOf(id)).toHaveLength(4), SOON)
  await world.carrier.post(url('/webhooks/call-status'), { ...fields, CallStatus: 'completed' })
  await postCall(conversation.id)
}

/** The agent breaks twice, the stream breaks, and the carrier's API is down. */
async function badCall(from: string): Promise<void> {
  world.carrier.restStatus = 503
  const { id, fields, conversation, drop } = await bridge(from)
  talk(conversation)
  conversation.send({ type: 'error', error_event: { message: WORDS.agent, reason: WORDS.agent } })
  conversation.drop()
  talk(await conversationOf(id, 2))
  drop()
  await world.admin(`/calls/${id}/hangup`, { method: 'POST' })
  await world.carrier.post(url('/webhooks/stream-ended?bridgeNumber=1'), fields)
  world.carrier.restStatus = 200
}

async function postCall(conversationId: string): Promise<void> {
  const data = { conversation_id: conversationId, analysis: { transcript_summary: WORDS.report } }
  const body = JSON.stringify({ type: 'post_call_transcription', data })
  const at = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${at}.${body}`).digest('hex')
  for (const v0 of [signature, 'wrong']) {
    await fetch(url('/webhook/elevenlabs/postcall'), {
      method: 'POST',
      body,
      headers: { 'ElevenLabs-Signature': `t=${at},v0=${v0}` },
    })
  }
}

/** What is refused is logged too, and what it is about is no less personal. */
async function badRequests(): Promise<void> {
  const [number = ''] = NUMBERS
  const fields = world.carrier.fieldsOf({ sid: newSid('CA'), from: number, to: number })
  await world.carrier.post(url('/webhooks/status-callback'), fields)
  await world.carrier.post(url('/webhooks/inbound'), { ...fields, To: '' })
  await world.carrier.post(url(`/webhooks/inbound?from=${number}`), fields, { 'X-Twilio-Signature': 'wrong' })
  await world.admin(`/voices/${encodeURIComponent(number)}0`)
  await world.admin(`/calls?from=${encodeURIComponent(number)}&to=x`)
  await world.admin('/agents', {
    method: 'POST',
    body: JSON.stringify({ name: WORDS.agent, numbers: [number, 7] }),
    headers: { 'Content-Type': 'application/json' },
  })
  await fetch(url(`/api/v1/calls?key=${world.adminKey}`), {
    headers: { authorization: `Bearer ${world.adminKey}x` },
  })
  const inbound = () => world.carrier.post(url('/webhooks/inbound'), fields)
  expect(await (await whileTheDatabaseRefuses('call_log', inbound)).text()).toContain('waits=1')
  const upload = () => putVoice(number, new Uint8Array(writeMuLawWav(Buffer.alloc(2_000))))
  expect((await whileTheDatabaseRefuses('voice_sample', upload)).status).toBe(500)
}

/** What a database says of a statement that it refuses may hold all that stood in it. */
async function whileTheDatabaseRefuses(table: string, act: () => Promise<Response>): Promise<Response> {
  await world.db.query(`alter table ${table} rename to gone`)
  const response = await act()
  await world.db.query(`alter table gone rename to ${table}`)
  return response
}

describe('the log at info', () => {
  test('tells of what happened', () => {
    for (const told of [
      'call stepped',
      'Media stream joined',
      'The voice agent was lost',
      'a request failed',
      'a call could not be asked',
    ]) {
      expect(log()).toContain(told)
    }
  })

  test.each([...NUMBERS, SIP_CALLER])('does not hold %s, in whatever form', (address) => {
    const forms = [address, address.replace(/^\+|^sip:/, ''), encodeURIComponent(address)]
    expect(forms.filter((form) => log().includes(form))).toEqual([])
  })

  test('holds no other telephone number either', () => {
    expect(log().match(/\+\d{7,15}/g)).toBeNull()
  })

  test.each(Object.entries(WORDS))('holds nothing that was said: %s', (_, words) => {
    expect(log()).not.toContain(words)
    expect(log()).not.toContain(words.split(',')[0])
  })

  test('names nobody', () => {
    expect(log()).not.toMatch(/quimby|zachary|ignatius/i)
  })

  test('holds no secret, whole or by half', () => {
    const halves = secrets
      .filter(Boolean)
      .flatMap((secret) => [secret.slice(0, secret.length / 2), secret.slice(secret.length / 2)])
    expect(secrets.every(Boolean)).toBe(true)
    expect(halves.filter((half) => log().includes(half))).toEqual([])
    expect(log()).not.toMatch(/conversation_signature|Bearer |Basic /)
  })
})
