import { describe, expect, it, test } from 'vitest'
import { type PostCallDelivery, postCallRoutes } from '../../src/http/post-call-routes.ts'
import type { PostCallPart } from '../../src/persistence/conversation-store.ts'
import { problemOf, serve, testApp } from './serve.ts'

const part: PostCallPart = { conversationId: 'conv_1', kind: 'transcription', data: {} }

function setUp(delivery: PostCallDelivery | null) {
  const bodies: Buffer[] = []
  const kept: PostCallPart[] = []
  const agentWebhooks = postCallRoutes({
    open:
      delivery &&
      ((rawBody, signature) => {
        bodies.push(rawBody)
        return signature === 'good' ? delivery : { kind: 'refused', why: 'it does not match' }
      }),
    keep: async (given) => {
      kept.push(given)
      return kept.length === 1
    },
  })
  const url = serve(testApp({ agentWebhooks }))
  const deliver = async (signature: string | null, body = '{ "raw":  1 }') =>
    fetch(`${await url}/webhook/elevenlabs/postcall`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signature && { 'elevenlabs-signature': signature }),
      },
      body,
    })
  return { deliver, bodies, kept }
}

describe('the post-call webhook', () => {
  it('keeps a report, and takes it again without complaint', async () => {
    const { deliver, bodies, kept } = setUp({ kind: 'report', part })
    expect((await deliver('good')).status).toBe(200)
    expect((await deliver('good')).status).toBe(200)
    expect(kept).toEqual([part, part])
    expect(bodies[0]?.toString()).toBe('{ "raw":  1 }')
  })

  it('takes tens of megabytes', async () => {
    const { deliver, bodies } = setUp({ kind: 'report', part })
    expect((await deliver('good', 'x'.repeat(30_000_000))).status).toBe(200)
    expect(bodies[0]).toHaveLength(30_000_000)
  })

  it('takes what it keeps nothing of', async () => {
    const { deliver, kept } = setUp({ kind: 'ignored' })
    expect((await deliver('good')).status).toBe(200)
    expect(kept).toEqual([])
  })

  test.each([null, 'bad'])('refuses the signature %j, and nothing happens', async (signature) => {
    const { deliver, kept } = setUp({ kind: 'report', part })
    const response = await deliver(signature)
    expect(response.status).toBe(403)
    await problemOf(response)
    expect(kept).toEqual([])
  })

  it('does not even read what is not signed', async () => {
    const { deliver, bodies } = setUp({ kind: 'report', part })
    await deliver(null)
    expect(bodies).toEqual([])
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
