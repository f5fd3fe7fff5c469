import { randomBytes } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { cacheRoutes } from '../../../src/http/voices/cache-routes.ts'
import { readConsent } from '../../../src/http/voices/consent.ts'
import { voicesRoutes } from '../../../src/http/voices/voices-routes.ts'
import type { CallerVoice } from '../../../src/voices/ports.ts'
import { bytesOf } from '../../support/bytes-of.ts'
import { asAdmin, problemOf, serve, testApp } from '../serve.ts'

const CALLER = '+15551234567'
const CONSENT = 'Ann Example, 2026-11-20'

type SavedFile = { fileName: string; mimeType: string; bytes: Buffer }
type Saved = Pick<CallerVoice, 'callerId' | 'name' | 'consent'> & {
  trust?: CallerVoice['trust']
  files: SavedFile[]
}

function setUp() {
  const saved: Saved[] = []
  const voices = new Map<string, CallerVoice>()
  const routes = voicesRoutes({
    save: async (upload) => {
      const files = await Promise.all(
        upload.files.map(async ({ content, ...file }) => ({ ...file, bytes: await bytesOf(content) })),
      )
      if (files.some(({ bytes }) => bytes.toString() === 'noise')) return { refused: ['no speech in it'] }
      saved.push({ ...upload, files })
      const { callerId, name, consent } = upload
      const trust = upload.trust ?? null
      const times = { createdAt: new Date(), updatedAt: new Date() }
      const voice = { callerId, name, consent, trust, sampleKey: 'k', ...times }
      voices.set(callerId, voice)
      return voice
    },
    find: async (callerId) => voices.get(callerId) ?? null,
    setTrust: async (callerId, trust) => {
      const voice = voices.get(callerId)
      if (!voice) return null
      voices.set(callerId, { ...voice, trust })
      return { ...voice, trust }
    },
    clone: async (sampleKey) => ({
      sampleKey,
      status: 'failed',
      vendorVoiceId: null,
      failure: 'slots_full',
      requestedAt: new Date(),
      readyAt: null,
      expiresAt: null,
      lastUsedAt: null,
    }),
    remove: async (callerId) => voices.delete(callerId),
  })
  const forgotten: string[] = []
  const cache = cacheRoutes({
    forget: async (callerId) => {
      forgotten.push(callerId)
      return callerId === CALLER
    },
  })
  const url = serve(testApp({ adminRoutes: [...routes, ...cache] }))
  const request = async (method: string, path: string, body?: FormData | string, headers = {}) =>
    fetch(`${await url}/api/v1${path}`, {
      method,
      headers: { ...asAdmin, ...headers },
      ...(body && { body }),
    })
  const put = (form: FormData, caller = CALLER) =>
    request('PUT', `/voices/${encodeURIComponent(caller)}`, form)
  return { request, put, saved, forgotten }
}

function formOf(fields: Record<string, string>, files: (string | Uint8Array<ArrayBuffer>)[] = ['speech']) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  for (const [i, bytes] of files.entries()) {
    form.append('sample', new Blob([bytes], { type: 'audio/wav' }), `Ännchen-${i}.wav`)
  }
  return form
}

describe('a voice', () => {
  it('is set with its samples and the consent, and replaced', async () => {
    const { put, saved } = setUp()
    const response = await put(formOf({ name: 'Ann', consent: CONSENT }, ['one', 'two']))
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({
      callerId: CALLER,
      name: 'Ann',
      consent: { by: 'Ann Example', at: '2026-11-20T00:00:00.000Z' },
      clone: { status: 'failed', failure: 'slots_full' },
    })
    expect(saved[0]?.files).toEqual([
      { fileName: 'Ännchen-0.wav', mimeType: 'audio/wav', bytes: Buffer.from('one') },
      { fileName: 'Ännchen-1.wav', mimeType: 'audio/wav', bytes: Buffer.from('two') },
    ])
    const large = new Uint8Array(randomBytes(10 * 1024 * 1024))
    expect((await put(formOf({ consent: CONSENT }, ['one', large]))).status).toBe(200)
    expect(saved[1]?.name).toBe(CALLER)
    expect(saved[1]?.files.map(({ bytes }) => bytes.length)).toEqual([3, large.length])
    expect(saved[1]?.files[1]?.bytes.equals(large)).toBe(true)
  })

  it.each([
    '+15551234567',
    '+86151',
    'sip:ann@example.com',
    'client:ann',
    '1001',
    'ann.smith',
    '05551234567',
    '15551234567',
    '+1 (555) 123-4567',
  ])('is set for %s', async (caller) => {
    expect((await setUp().put(formOf({ consent: CONSENT }), caller)).status).toBe(201)
  })

  it.each(['5551234567', '+05551234567', '+1 555 123', '+1555123456789012', 'ann smith'])(
    'is not set for %s, whom no call would be from',
    async (caller) => {
      const { put, saved } = setUp()
      const problem = await problemOf(await put(formOf({ consent: CONSENT }), caller))
      expect(problem.status).toBe(422)
      expect(JSON.stringify(problem.errors)).toContain('+15551234567')
      expect(saved).toEqual([])
    },
  )

  it('is for callers whose number is vouched for as far as was said', async () => {
    const { put, request, saved } = setUp()
    const path = `/voices/${encodeURIComponent(CALLER)}`
    await put(formOf({ consent: CONSENT, trust: 'attested' }))
    await put(formOf({ consent: CONSENT, trust: 'default' }))
    await put(formOf({ consent: CONSENT }))
    expect(saved.map(({ trust }) => trust)).toEqual(['attested', null, undefined])
    expect((await put(formOf({ consent: CONSENT, trust: 'everybody' }))).status).toBe(422)

    const change = (body: object) =>
      request('PATCH', path, JSON.stringify(body), { 'content-type': 'application/json' })
    expect(await (await change({ trust: 'any' })).json()).toMatchObject({ callerId: CALLER, trust: 'any' })
    expect(await (await change({ trust: null })).json()).toMatchObject({ trust: null })
    expect((await change({ trust: 'default' })).status).toBe(422)
    await request('DELETE', path)
    expect((await change({ trust: 'any' })).status).toBe(404)
  })

  it('is shown and removed', async () => {
    const { put, request } = setUp()
    const path = `/voices/${encodeURIComponent(CALLER)}`
    expect((await request('GET', path)).status).toBe(404)
    await put(formOf({ consent: CONSENT }))
    expect(await (await request('GET', path)).json()).toMatchObject({ callerId: CALLER })
    expect((await request('DELETE', path)).status).toBe(204)
    expect((await request('DELETE', path)).status).toBe(404)
  })

  test.each([
    ['no consent', formOf({ name: 'Ann' }), 422, '#/consent'],
    ['a consent of nobody', formOf({ consent: '2026-11-20' }), 422, '#/consent'],
    ['a consent of no day', formOf({ consent: 'Ann Example' }), 422, '#/consent'],
    ['no sample', formOf({ consent: CONSENT }, []), 422, '#/sample'],
    ['a sample that the checks refuse', formOf({ consent: CONSENT }, ['noise']), 422, '#/sample'],
    ['eleven samples', formOf({ consent: CONSENT }, Array(11).fill('x')), 422, undefined],
    [
      'too large a sample',
      formOf({ consent: CONSENT }, [new Uint8Array(10 * 1024 * 1024 + 1)]),
      413,
      '#/sample',
    ],
    ['too long a name', formOf({ consent: CONSENT, name: 'x'.repeat(300) }), 422, '#/name'],
  ])('is not set with %s', async (_case, form, status, pointer) => {
    const { put, saved } = setUp()
    const response = await put(form)
    expect(response.status).toBe(status)
    expect((await problemOf(response)).errors?.[0]?.pointer).toBe(pointer)
    expect(saved).toEqual([])
  })

  it('takes well-formed forms only, with samples in the field of that name', async () => {
    const { put, request } = setUp()
    const path = `/voices/${encodeURIComponent(CALLER)}`
    const stray = formOf({ consent: CONSENT })
    stray.append('other', new Blob(['x']), 'x.wav')
    expect((await put(stray)).status).toBe(422)
    expect((await request('PUT', path, '{}', { 'content-type': 'application/json' })).status).toBe(415)
    const type = 'multipart/form-data; boundary=b'
    const cut = '--b\r\nContent-Disposition: form-data; name="sample"; filename="a.wav"\r\n\r\nabc'
    expect((await request('PUT', path, cut, { 'content-type': type })).status).toBe(400)
    expect((await request('PUT', path, 'x', { 'content-type': 'multipart/form-data' })).status).toBe(400)
  })

  it('cannot be of a caller that has no name', async () => {
    expect((await setUp().put(formOf({ consent: CONSENT }), '\0')).status).toBe(422)
  })
})

describe('consent', () => {
  const now = Date.parse('2026-11-21T00:00:00Z')

  test.each([
    ['Ann Example, 2026-11-20', 'Ann Example', '2026-11-20T00:00:00.000Z'],
    [
      '2026-11-20T10:00:00+01:00 Ann Example (by e-mail)',
      'Ann Example (by e-mail)',
      '2026-11-20T09:00:00.000Z',
    ],
    ['{"by":"Ann Example","at":"2026-11-20"}', 'Ann Example', '2026-11-20T00:00:00.000Z'],
    ['{"when":"2026-11-20","who":"Ann"}', 'Ann', '2026-11-20T00:00:00.000Z'],
  ])('%s', (written, by, at) => {
    expect(readConsent(written, now)).toEqual({ by, at: new Date(at) })
  })

  test.each([
    '',
    'yes',
    '2026-11-20',
    'Ann, 2026-13-45',
    'Ann, 2027-01-01',
    '{"by":"Ann"}',
    'null',
    '{}',
    '5',
  ])('%j says too little', (written) => {
    expect(readConsent(written, now)).toBeNull()
  })
})

describe('the cache', () => {
  it('forgets a cloned voice', async () => {
    const { request, forgotten } = setUp()
    expect((await request('DELETE', '/cache/%2B15551234567')).status).toBe(204)
    expect((await request('DELETE', '/cache/+15551234567')).status).toBe(204)
    expect(forgotten).toEqual([CALLER, CALLER])
    expect((await request('DELETE', '/cache/anonymous')).status).toBe(404)
    expect((await request('GET', '/cache/anonymous')).status).toBe(405)
  })
})
