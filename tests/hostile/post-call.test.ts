import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HandWorld } from '../support/hand-world.ts'
import { expectProblem, harmless } from './harmless.ts'

const SECRET = 'a-webhook-secret'

let world: HandWorld

beforeAll(async () => {
  world = await HandWorld.begin({ LOG_LEVEL: 'warn', ELEVENLABS_WEBHOOK_SECRET: SECRET })
  await world.startNode()
})
afterAll(() => world.end())

const now = () => Math.floor(Date.now() / 1000)

function signatureOf(body: string, { secret = SECRET, at = now() } = {}): string {
  return `t=${at},v0=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`
}

const deliver = (body: string, signature: string | null = signatureOf(body)) =>
  fetch(`${world.node.origin}/webhook/elevenlabs/postcall`, {
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/json',
      ...(signature === null ? {} : { 'ElevenLabs-Signature': signature }),
    },
  })

const report = (conversation_id: string, transcript: unknown = []) => ({
  type: 'post_call_transcription',
  data: { conversation_id, transcript },
})
const BODY = JSON.stringify(report('conv_hostile'))

describe('a report', () => {
  test.each<[string, string | null]>([
    ['no signature', null],
    ['an empty signature', ''],
    ['a signature that is none', 'sesame'],
    ['a signature without a time', signatureOf(BODY).replace(/t=\d+,/, '')],
    ['a signature without a digest', `t=${now()}`],
    ['a signature of another secret', signatureOf(BODY, { secret: 'wrong' })],
    ['a signature of another body', signatureOf('{}')],
    ['a signature of an hour ago', signatureOf(BODY, { at: now() - 3_600 })],
    ['a signature of the next hour', signatureOf(BODY, { at: now() + 3_600 })],
    ['a time that was changed', signatureOf(BODY).replace(/t=\d+/, `t=${now() - 1}`)],
  ])('with %s is refused', async (_, signature) => {
    await expectProblem(await harmless(world, ['forbidden'], () => deliver(BODY, signature)), 403)
  })

  test.each([
    ['empty', ''],
    ['no JSON', 'conversation_id=1'],
    ['of no type', JSON.stringify({ data: {} })],
    ['without a conversation', JSON.stringify({ type: 'post_call_transcription', data: {} })],
    [
      'of a conversation that is a number',
      JSON.stringify({ type: 'post_call_transcription', data: { conversation_id: 7 } }),
    ],
    ['of a conversation with too long a name', JSON.stringify(report('c'.repeat(256)))],
    [
      'with audio that is none',
      JSON.stringify({ type: 'post_call_audio', data: { conversation_id: 'c', full_audio: '*' } }),
    ],
    [
      'nested two thousand levels deep',
      `{"type":"post_call_transcription","data":{"conversation_id":"c","x":${'['.repeat(2_000)}${']'.repeat(2_000)}}}`,
    ],
    ['nested a million levels deep', '['.repeat(1_000_000)],
  ])('that is %s is refused, though it is signed', async (_, body) => {
    await expectProblem(await harmless(world, ['malformed'], () => deliver(body)), 400)
  })

  test('is kept as far as a database can keep what was said', async () => {
    const body =
      '{"type":"post_call_transcription","data":{"conversation_id":"conv_odd","transcript":"a\\u0000b\\ud83dc","\\u0000":1}}'
    for (const _ of ['first', 'again']) expect((await deliver(body)).status).toBe(200)
    const kept = await world.db.query(
      'select transcription from post_call_report where conversation_id = $1',
      ['conv_odd'],
    )
    expect(kept).toEqual([
      { transcription: { conversation_id: 'conv_odd', transcript: 'a\ufffdb\ufffdc', '\ufffd': 1 } },
    ])
  })
})
