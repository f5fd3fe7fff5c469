import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { ScriptedWorld } from '../support/scripted-world.ts'
import { expectProblem, harmless } from './expect-no-effect.ts'

let world: ScriptedWorld

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn' })
  await world.startNode()
})
afterAll(() => world.end())

describe('a voice', () => {
  const CALLER = '/voices/%2B15550100007'
  const CONSENT = 'Ann Example, 2026-01-05'
  const WAV = writeMuLawWav(Buffer.alloc(2_000))

  const file = (bytes: Buffer, name: string, type = 'audio/wav') =>
    new File([new Uint8Array(bytes)], name, { type })

  function put(parts: [string, string | File][], path = CALLER): Promise<Response> {
    const form = new FormData()
    for (const [name, value] of parts) form.append(name, value)
    return world.admin(path, { method: 'PUT', body: form })
  }

  test.each<[string, [string, string | File][], number, string]>([
    ['without consent', [['sample', file(WAV, 'a.wav')]], 422, 'invalid'],
    [
      'with a twentieth of a second of sound',
      [
        ['consent', CONSENT],
        ['sample', file(writeMuLawWav(Buffer.alloc(400)), 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with an empty consent',
      [
        ['consent', ''],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a consent of nobody',
      [
        ['consent', '2026-01-05'],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a consent of tomorrow',
      [
        ['consent', 'Ann, 2126-01-05'],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with two consents',
      [
        ['consent', CONSENT],
        ['consent', CONSENT],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a very deep consent',
      [
        ['consent', '['.repeat(4_000)],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    ['without a sample', [['consent', CONSENT]], 422, 'invalid'],
    [
      'with text for a sample',
      [
        ['consent', CONSENT],
        ['sample', 'RIFF'],
      ],
      422,
      'invalid',
    ],
    [
      'with an empty sample',
      [
        ['consent', CONSENT],
        ['sample', file(Buffer.alloc(0), 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a page that is called wav',
      [
        ['consent', CONSENT],
        ['sample', file(Buffer.from('<html>'), 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a program that is called wav',
      [
        ['consent', CONSENT],
        ['sample', file(Buffer.from('\x7fELF'), 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with one good sample and a bad one',
      [
        ['consent', CONSENT],
        ['sample', file(WAV, 'a.wav')],
        ['sample', file(Buffer.from('no'), 'b.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with eleven samples',
      [['consent', CONSENT], ...Array(11).fill(['sample', file(WAV, 'a.wav')])],
      422,
      'invalid',
    ],
    [
      'with a file where none belongs',
      [
        ['consent', CONSENT],
        ['other', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    ['with too many fields', [['consent', CONSENT], ...Array(20).fill(['x', 'y'])], 422, 'invalid'],
    ['with too large a field', [['consent', `${CONSENT} ${'x'.repeat(5_000)}`]], 413, 'too_large'],
    [
      'with a name of NUL',
      [
        ['consent', CONSENT],
        ['name', '\0'],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
  ])('%s is refused', async (_, parts, status, reason) => {
    await expectProblem(await harmless(world, [reason], () => put(parts)), status)
  })

  test('with a sample of more than 10 MB is refused, and so is one of a hundred', async () => {
    for (const megabytes of [11, 100]) {
      const sample = file(Buffer.concat([WAV, Buffer.alloc(megabytes * 1024 * 1024)]), 'a.wav')
      const refused = () =>
        put([
          ['consent', CONSENT],
          ['sample', sample],
        ])
      await expectProblem(await harmless(world, ['too_large'], refused), 413)
    }
  })

  test.each([
    [
      'is cut short',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="sample"; filename="a.wav"\r\n\r\nRIFF',
      400,
      'malformed',
    ],
    ['has no boundary', 'multipart/form-data', 'x', 400, 'malformed'],
    [
      'has endless headers',
      'multipart/form-data; boundary=b',
      `--b\r\nX: ${'x'.repeat(100_000)}\r\n\r\n\r\n--b--`,
      400,
      'malformed',
    ],
    ['is JSON', 'application/json', '{}', 415, 'unsupported_type'],
    ['is a form without files', 'application/x-www-form-urlencoded', 'consent=x', 415, 'unsupported_type'],
  ])('whose form %s is refused', async (_, type, body, status, reason) => {
    const headers = { 'Content-Type': type }
    const refused = () => world.admin(CALLER, { method: 'PUT', body, headers })
    const response = await harmless(world, [reason], refused)
    await expectProblem(response, status)
  })

  test('may be called whatever its owner likes, and its file too: a name is never a path', async () => {
    const name = '../../etc/passwd'
    const parts: [string, string | File][] = [
      ['consent', CONSENT],
      ['name', name],
      ['sample', file(WAV, `${name}.wav`)],
    ]
    const response = await put(parts)
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ name })
    expect((await world.admin(CALLER, { method: 'DELETE' })).status).toBe(204)
    const nobody = `/voices/${encodeURIComponent(name)}`
    await expectProblem(await harmless(world, ['invalid'], () => put(parts, nobody)), 422)
    expect((await world.admin(nobody, { method: 'DELETE' })).status).toBe(404)
  })
})
