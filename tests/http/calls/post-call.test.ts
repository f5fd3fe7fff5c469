import { once } from 'node:events'
import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, test } from 'vitest'
import { type PostCallOutcome, postCallRoutes } from '../../../src/http/calls/post-call-routes.ts'
import { problemOf, serve, testApp } from '../serve.ts'

function setUp(outcome: PostCallOutcome | null) {
  const bodies: Buffer[] = []
  const agentWebhooks = postCallRoutes(
    outcome &&
      (async (body, signature) => {
        bodies.push(await buffer(body))
        return signature === 'good' ? outcome : { kind: 'refused', why: 'it does not match' }
      }),
  )
  const url = serve(testApp({ agentWebhooks })).then((origin) => `${origin}/webhook/elevenlabs/postcall`)
  const deliver = async (signature: string | null, body: BodyInit = '{ "raw":  1 }', headers = {}) =>
    fetch(await url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signature && { 'elevenlabs-signature': signature }),
        ...headers,
      },
      body,
    })
  return { deliver, bodies, url }
}

describe('the post-call webhook', () => {
  it('takes a report, and takes it again without complaint', async () => {
    const { deliver, bodies } = setUp({ kind: 'kept' })
    expect((await deliver('good')).status).toBe(200)
    expect((await deliver('good')).status).toBe(200)
    expect(bodies).toHaveLength(2)
    expect(bodies[0]?.toString()).toBe('{ "raw":  1 }')
  })

  it('takes tens of megabytes', async () => {
    const { deliver, bodies } = setUp({ kind: 'kept' })
    expect((await deliver('good', 'x'.repeat(30_000_000))).status).toBe(200)
    expect(bodies[0]).toHaveLength(30_000_000)
  })

  it('takes what it keeps nothing of', async () => {
    expect((await setUp({ kind: 'ignored' }).deliver('good')).status).toBe(200)
  })

  test.each([null, 'bad'])('refuses the signature %j', async (signature) => {
    const response = await setUp({ kind: 'kept' }).deliver(signature)
    expect(response.status).toBe(403)
    await problemOf(response)
  })

  it('does not even read what is not signed', async () => {
    const { deliver, bodies } = setUp({ kind: 'kept' })
    await deliver(null)
    expect(bodies).toEqual([])
  })

  it('inflates nothing before it knows whose it is', async () => {
    const { deliver, bodies } = setUp({ kind: 'kept' })
    const bomb = gzipSync(Buffer.alloc(1_000_000))
    const refused = await deliver('good', bomb, { 'content-encoding': 'gzip' })
    expect(refused.status).toBe(415)
    await problemOf(refused)
    expect(bodies).toEqual([])
  })

  it('reads no more than 64 MB, announced or not', async () => {
    const { deliver } = setUp({ kind: 'kept' })
    expect((await deliver('good', Buffer.alloc(64 * 1024 * 1024 + 1))).status).toBe(413)
  })

  it('lets no address keep the others out with uploads that never end', async () => {
    const { deliver, url } = setUp({ kind: 'kept' })
    const slow = Array.from({ length: 8 }, () => openUpload)
    const uploads = await Promise.all(slow.map(async (open) => open(await url)))
    const answers = await Promise.all(uploads.slice(4).map(({ answered }) => answered))
    expect(answers).toEqual([503, 503, 503, 503])
    expect((await deliver('good')).status).toBe(503)
    for (const { leave } of uploads) leave()
    await expect.poll(async () => (await deliver('good')).status).toBe(200)
  })

  it('says so when the vendor sends something else than it documents', async () => {
    expect((await setUp({ kind: 'malformed', why: 'no type' }).deliver('good')).status).toBe(400)
  })

  it('names the setting that it needs', async () => {
    const response = await setUp(null).deliver('good')
    expect(response.status).toBe(503)
    expect((await problemOf(response)).detail).toContain('ELEVENLABS_WEBHOOK_SECRET')
  })
})

/** A report of which a byte has come, and no more will. */
async function openUpload(url: string) {
  const upload = request(url, {
    method: 'POST',
    headers: { 'elevenlabs-signature': 'good', 'content-length': 1_000 },
  })
  upload.on('error', () => {})
  const answered = once(upload, 'response').then(([response]) => response.statusCode as number)
  answered.catch(() => {})
  upload.write('{')
  await once(upload, 'socket')
  return { answered, leave: () => upload.destroy() }
}
