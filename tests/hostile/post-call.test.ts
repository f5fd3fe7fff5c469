import { createHash, createHmac, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openUploads } from '../support/open-uploads.ts'
import { ScriptedWorld } from '../support/scripted-world.ts'
import { expectProblem, harmless } from './expect-no-effect.ts'

const SECRET = 'a-webhook-secret'

let world: ScriptedWorld

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn', ELEVENLABS_WEBHOOK_SECRET: SECRET })
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

describe('a recording of tens of megabytes', () => {
  const audio = randomBytes(22 * 1024 * 1024)
  const body = JSON.stringify({
    type: 'post_call_audio',
    data: { conversation_id: 'conv_long', full_audio: audio.toString('base64') },
  })
  const kept = () =>
    world.db.query<{ md5: string; bytes: number }>(
      'select md5(audio), length(audio) as bytes from post_call_report where conversation_id = $1',
      ['conv_long'],
    )

  test('of somebody else is refused, and leaves nothing', async () => {
    const forged = signatureOf(body, { secret: 'wrong' })
    await expectProblem(await harmless(world, ['forbidden'], () => deliver(body, forged)), 403)
    expect(await kept()).toEqual([])
  })

  test('is kept once, to the last byte, and no file of it is left', async () => {
    for (const _ of ['first', 'again']) expect((await deliver(body)).status).toBe(200)
    const md5 = createHash('md5').update(audio).digest('hex')
    expect(await kept()).toEqual([{ md5, bytes: audio.length }])
    expect(await openUploads(world.node.pid)).toBe(0)
  })

  test('is signed and is none: it is refused', async () => {
    const none = body.replace(/.{20}$/, '*"}}')
    await expectProblem(await harmless(world, ['malformed'], () => deliver(none)), 400)
  })

  test('a transcript as long is kept, too', async () => {
    const transcript = Array.from({ length: 5_000 }, (_, line) => ({
      role: 'user',
      message: `${line} a\u0000b`,
    }))
    expect((await deliver(JSON.stringify(report('conv_talk', transcript)))).status).toBe(200)
    const [found] = await world.db.query<{ last: string; lines: number }>(
      `select jsonb_array_length(transcription->'transcript') as lines,
              transcription->'transcript'->4999->>'message' as last
       from post_call_report where conversation_id = $1`,
      ['conv_talk'],
    )
    expect(found).toEqual({ lines: 5_000, last: '4999 a\ufffdb' })
  })
})
