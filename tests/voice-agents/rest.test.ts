import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { contentOf } from '../../src/runtime/spool.ts'
import { ElevenLabsRest } from '../../src/voice-agents/elevenlabs/rest.ts'
import type { VoiceSample } from '../../src/voices/ports.ts'
import { type Answer, html, json, RestEnd } from './rest-end.ts'

let vendor: RestEnd
let rest: ElevenLabsRest

beforeEach(async () => {
  vendor = await RestEnd.open()
  rest = new ElevenLabsRest({ apiKey: 'the-key', baseUrl: vendor.url })
})
afterEach(() => vendor.close())

const sample = (fileName: string, text: string): VoiceSample => ({
  fileName,
  mimeType: 'audio/wav',
  ...contentOf(Buffer.from(text)),
  sha256: 'unused',
})
const CLONE = { name: 'clone_1', samples: [sample('a"\r\n.wav', 'first'), sample('b.wav', 'second')] }

type Ask = (signal?: AbortSignal) => Promise<unknown>
/** Each request of the client, with an answer that it takes. */
const ASKS: [name: string, ask: Ask, right: Answer][] = [
  ['signedUrl', (signal) => rest.signedUrl('agent_1', signal), json({ signed_url: 'wss://vendor/x?sig=1' })],
  [
    'clone',
    (signal) => rest.clone({ ...CLONE, signal }),
    json({ voice_id: 'v1', requires_verification: false }),
  ],
  ['findByName', (signal) => rest.findByName('clone_1', signal), json({ voices: [], has_more: false })],
  ['remove', (signal) => rest.remove('v1', signal), json({ status: 'ok' })],
  [
    'speak',
    (signal) => rest.speak({ voiceId: 'v1', text: 'Hi', signal }),
    (response) => response.end('speech'),
  ],
]
const ASKS_FOR_JSON = ASKS.filter(([name]) => ['signedUrl', 'clone', 'findByName'].includes(name))

describe('what is asked', () => {
  test.each(ASKS)('%s shows the key', async (_, ask, right) => {
    vendor.answer = right
    await ask()
    expect(vendor.requests).toHaveLength(1)
    expect(vendor.requests[0]?.headers['xi-api-key']).toBe('the-key')
  })

  test('signedUrl names the agent, whatever is in its name', async () => {
    vendor.answer = json({ signed_url: 'wss://vendor/v1/convai/conversation?conversation_signature=1' })
    expect(await rest.signedUrl('agent &=/?')).toBe(
      'wss://vendor/v1/convai/conversation?conversation_signature=1',
    )
    expect(vendor.requests[0]).toMatchObject({
      method: 'GET',
      path: '/v1/convai/conversation/get-signed-url',
    })
    expect(vendor.requests[0]?.query.get('agent_id')).toBe('agent &=/?')
  })

  test('clone sends each sample as a file of its own', async () => {
    vendor.answer = json({ voice_id: 'v1', requires_verification: true, news: [] })
    expect(await rest.clone(CLONE)).toEqual({ voiceId: 'v1' })
    const { method, path, headers, body } = vendor.requests[0] ?? expect.fail('Nothing was asked.')
    expect([method, path]).toEqual(['POST', '/v1/voices/add'])
    expect(headers['content-length']).toBe(`${body.length}`)
    const contentType = headers['content-type'] ?? ''
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData()
    expect(form.get('name')).toBe('clone_1')
    const files = form.getAll('files') as File[]
    expect(files.map(({ name, type }) => [name, type])).toEqual([
      ['a"\r\n.wav', 'audio/wav'],
      ['b.wav', 'audio/wav'],
    ])
    expect(await Promise.all(files.map((file) => file.text()))).toEqual(['first', 'second'])
  })

  test('clone says of a sample that cannot be read what kept it from that, for it is not the vendor', async () => {
    const broken = {
      ...sample('a.wav', 'first'),
      async *pieces() {
        yield Buffer.from('fi')
        throw new Error('The database is gone.')
      },
    }
    await expect(rest.clone({ name: 'clone_1', samples: [broken] })).rejects.toThrow('The database is gone.')
  })

  test('findByName takes none that is only called something like it', async () => {
    const voices = [
      { voice_id: 'v1', name: 'clone_1' },
      { voice_id: 'v2', name: 'clone_10' },
      { voice_id: 'v3', name: null },
      { voice_id: 'v4' },
      { voice_id: 'v5', name: 'clone_1', labels: {} },
    ]
    vendor.answer = json({ voices, has_more: false })
    expect(await rest.findByName('clone_1')).toEqual(['v1', 'v5'])
    expect(vendor.requests[0]?.query.get('search')).toBe('clone_1')
  })

  test('remove and speak name the voice, whatever is in its name', async () => {
    vendor.answer = (response) => response.end('speech')
    await rest.remove('../voices/x?')
    expect((await rest.speak({ voiceId: 'a/b', text: 'Hi "there"' })).toString()).toBe('speech')
    const [removed, spoken] = vendor.requests
    expect([removed?.method, removed?.path]).toEqual(['DELETE', '/v1/voices/..%2Fvoices%2Fx%3F'])
    expect(spoken?.path).toBe('/v1/text-to-speech/a%2Fb')
    expect(spoken?.query.get('output_format')).toBe('ulaw_8000')
    expect(JSON.parse(spoken?.body.toString() ?? '')).toMatchObject({ text: 'Hi "there"' })
  })

  test('is asked below the path of the base URL', async () => {
    vendor.answer = json({ voices: [] })
    await new ElevenLabsRest({ apiKey: 'k', baseUrl: `${vendor.url}/proxy/` }).findByName('x')
    expect(vendor.requests[0]?.path).toBe('/proxy/v2/voices')
  })
})

describe.each(ASKS)('when the vendor refuses %s', (_, ask) => {
  test.each<[string, Answer, object]>([
    [
      '401',
      json({ detail: { status: 'invalid_api_key', message: 'No.' } }, 401),
      { failure: 'unauthorized' },
    ],
    ['422', json({ detail: [{ loc: ['body'], msg: 'Bad', type: 'x' }] }, 422), { failure: 'rejected' }],
    [
      '429',
      json({ detail: { status: 'system_busy' } }, 429, { 'Retry-After': '3' }),
      { failure: 'rate_limited', retryAfterMs: 3_000 },
    ],
    [
      '429 without a word',
      (response) => response.writeHead(429).end(),
      { failure: 'rate_limited', retryAfterMs: null },
    ],
    ['500', json({ detail: 'Sorry.' }, 500), { failure: 'unavailable' }],
    ['HTML and 502', html(502), { failure: 'unavailable' }],
    ['HTML and 404', html(404), { failure: 'rejected' }],
  ])('with %s, that is what it is, and nothing is asked again', async (_, answer, expected) => {
    vendor.answer = answer
    await expect(ask()).rejects.toMatchObject({ name: expect.stringMatching(/Error|Refusal/), ...expected })
    expect(vendor.requests).toHaveLength(1)
  })

  test('with a redirection, the key goes nowhere else', async () => {
    const elsewhere = await RestEnd.open()
    vendor.answer = (response) => response.writeHead(307, { Location: `${elsewhere.url}/` }).end()
    await expect(ask()).rejects.toMatchObject({ failure: 'unavailable' })
    await elsewhere.close()
    expect(elsewhere.requests).toEqual([])
  })
})

describe.each(ASKS)('when the connection of %s', (_, ask, right) => {
  test('is cut before the answer, it is unavailable', async () => {
    vendor.answer = (response) => response.destroy()
    await expect(ask()).rejects.toMatchObject({ failure: 'unavailable' })
    expect(vendor.requests).toHaveLength(1)
  })

  test('hangs, its time is bounded and nothing is left', async () => {
    const limit = new AbortController()
    const limits: number[] = []
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      limits.push(ms)
      return limit.signal
    })
    vendor.answer = () => limit.abort()
    await expect(ask()).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringContaining('no answer within'),
    })
    vi.restoreAllMocks()
    expect(limits).toHaveLength(1)
    expect(limits[0]).toBeLessThanOrEqual(90_000)
  })

  test('is not wanted any more, it ends at once and nothing is left', async () => {
    const gone = new AbortController()
    vendor.answer = () => gone.abort()
    await expect(ask(gone.signal)).rejects.toMatchObject({ failure: 'unavailable' })
    vendor.answer = right
    await expect(ask(gone.signal)).rejects.toMatchObject({ failure: 'unavailable' })
    expect(vendor.requests).toHaveLength(1)
  })
})

/** Whether a voice is gone is said by the status alone. */
const ASKS_TO_BE_READ = ASKS.filter(([name]) => name !== 'remove')

test.each(ASKS_TO_BE_READ)(
  'when the connection of %s is cut in the answer, it is unavailable',
  async (_, ask) => {
    vendor.answer = (response) => {
      response.writeHead(200, { 'Content-Length': '1000' }).write('{"signed_url":"wss://v')
      setImmediate(() => response.destroy())
    }
    await expect(ask()).rejects.toMatchObject({ failure: 'unavailable' })
  },
)

describe.each(ASKS_FOR_JSON)('when %s is answered', (_, ask) => {
  test.each<[string, Answer]>([
    ['by HTML and 200', html(200)],
    ['by nothing', (response) => response.end()],
    ['by half of JSON', (response) => response.end('{"signed_url":"wss://')],
    ['by a list', json([])],
    ['by null', json(null)],
    ['by an empty object', json({})],
    ['by numbers', json({ signed_url: 7, voice_id: 7, voices: 7 })],
    ['by empty texts', json({ signed_url: '', voice_id: '', voices: '' })],
    ['by what is no URL and no voices', json({ signed_url: 'https://x/', voices: [{}], voice_id: null })],
    ['by JSON nested for ever', (response) => response.end('['.repeat(200_000))],
  ])('%s, it is unavailable', async (_, answer) => {
    vendor.answer = answer
    await expect(ask()).rejects.toMatchObject({ failure: 'unavailable' })
  })

  test('by megabytes without end, it lets go of them', async () => {
    vendor.answer = (response) => {
      const pour = () => {
        while (!response.destroyed && response.write(' '.repeat(64 * 1024)));
        if (!response.destroyed) response.once('drain', pour)
      }
      pour()
    }
    await expect(ask()).rejects.toMatchObject({ failure: 'unavailable' })
  })
})

describe('speech', () => {
  test.each<[string, Answer]>([
    ['HTML and 200', html(200)],
    ['JSON and 200', json({ status: 'ok' })],
    ['nothing', (response) => response.end()],
  ])('that is %s is none', async (_, answer) => {
    vendor.answer = answer
    await expect(rest.speak({ voiceId: 'v1', text: 'Hi' })).rejects.toMatchObject({ failure: 'unavailable' })
  })

  test('is taken as it comes, in however many pieces', async () => {
    vendor.answer = (response) => {
      for (const piece of ['a', 'b', 'c']) response.write(piece.repeat(1_000))
      response.end()
    }
    expect(await rest.speak({ voiceId: 'v1', text: 'Hi' })).toHaveLength(3_000)
  })
})

describe('a voice that is to be removed', () => {
  test.each<[string, Answer]>([
    ['is gone', json({ status: 'ok' })],
    ['is unknown', json({ detail: { status: 'voice_not_found' } }, 404)],
    ['does not exist', json({ detail: { status: 'voice_does_not_exist' } }, 400)],
  ])('%s', async (_, answer) => {
    vendor.answer = answer
    await expect(rest.remove('v1')).resolves.toBeUndefined()
  })
})

describe('the vendor, asked whether it is there,', () => {
  test.each<[string, Answer]>([
    ['ok', json({ voices: [], has_more: false })],
    ['ok', json({ detail: { status: 'not_found' } }, 404)],
    ['key refused', json({ detail: { status: 'invalid_api_key' } }, 401)],
    ['key refused', json({}, 403)],
    ['quota used up', json({ detail: { status: 'quota_exceeded' } }, 401)],
    ['rate limited', json({ detail: { status: 'system_busy' } }, 429)],
    ['unreachable', html(502)],
    ['unreachable', (response) => response.destroy()],
  ])('is %s', async (verdict, answer) => {
    vendor.answer = answer
    expect(await rest.check()).toBe(verdict)
    expect(vendor.requests).toHaveLength(1)
  })
})

test('an agent is asked for by its own name, or else by that of the settings', async () => {
  const { elevenLabsAgent } = await import('../../src/voice-agents/elevenlabs/agent.ts')
  const { REQUEST, RecordedAgent } = await import('./recorded-agent.ts')
  const { default: pino } = await import('pino')
  const asked: string[] = []
  const signedUrl = (agentId: string) => {
    asked.push(agentId)
    return Promise.reject(new Error('Not now.'))
  }
  const log = pino({ level: 'silent' })
  const end = async (agentId: string | null, vendorAgentId: string | null) => {
    const listener = new RecordedAgent()
    const request = { ...REQUEST, agent: { ...REQUEST.agent, vendorAgentId } }
    elevenLabsAgent({ agentId, signedUrl, silenceTimeoutMs: 1_000, log }).connect(request, listener)
    return listener.over
  }
  expect(await end('agent_default', null)).toBe('lost no_address')
  expect(await end('agent_default', 'agent_own')).toBe('lost no_address')
  expect(await end(null, null)).toBe('lost no_address')
  expect(asked).toEqual(['agent_default', 'agent_own'])
})
