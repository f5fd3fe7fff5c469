import { describe, expect, it, test } from 'vitest'
import { serve, testApp } from '../serve.ts'

const WAV_HEADER = 58
const ROUND_MS = 250
const ROUND_BYTES = 2_000
/** Not a multiple of a round, so that a round goes over its end. */
const holdTrack = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i % 251))
const greeting = Buffer.from('a greeting in mu-law')
const spoken = Buffer.from('a sentence in mu-law')
const assets = { get: async (key: string) => (key === 'greeting-1' ? greeting : null) }
const app = () => testApp({ audio: { assets, holdTrack, spoken: { busy: spoken }, roundMs: ROUND_MS } })

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
const soundOf = async (response: Response) => (await bytesOf(response)).subarray(WAV_HEADER)

describe('a spoken sentence', () => {
  it('is a mu-law WAV, too', async () => {
    const response = await fetch(`${await serve(app())}/audio/spoken/busy.wav`)
    expect(response.status).toBe(200)
    expect(await soundOf(response)).toEqual(spoken)
  })

  test.each(['unknown.wav', 'toString.wav', 'busy.mp3', 'busy'])('%s is unknown', async (file) => {
    expect((await fetch(`${await serve(app())}/audio/spoken/${file}`)).status).toBe(404)
  })
})

describe('the greeting', () => {
  it('is a mu-law WAV that may be kept for ever', async () => {
    const response = await fetch(`${await serve(app())}/audio/greeting/greeting-1.wav`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('audio/wav')
    expect(response.headers.get('cache-control')).toContain('immutable')
    const wav = await bytesOf(response)
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
    expect(wav.readUInt16LE(20)).toBe(7)
    expect(wav.readUInt32LE(24)).toBe(8000)
    expect(wav.subarray(WAV_HEADER)).toEqual(greeting)
  })

  test.each(['unknown.wav', 'greeting-1.mp3', 'greeting-1', '..%2Fsecret.wav'])(
    '%s is unknown',
    async (file) => {
      expect((await fetch(`${await serve(app())}/audio/greeting/${file}`)).status).toBe(404)
    },
  )

  it('can be asked about, in parts and again', async () => {
    const url = `${await serve(app())}/audio/greeting/greeting-1.wav`
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(WAV_HEADER + greeting.length))
    const etag = head.headers.get('etag') ?? ''
    // Without a Cache-Control of its own, fetch would ask for a fresh copy.
    const again = await fetch(url, { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } })
    expect(again.status).toBe(304)

    const part = await fetch(url, { headers: { range: `bytes=${WAV_HEADER}-${WAV_HEADER + 9}` } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 58-67/${WAV_HEADER + greeting.length}`)
    expect(await part.text()).toBe('a greeting')

    const beyond = await fetch(url, { headers: { range: 'bytes=1000-' } })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe(`bytes */${WAV_HEADER + greeting.length}`)

    for (const headers of [{ range: 'bytes=0-1,5-6' }, { range: 'bytes=0-1', 'if-range': '"old"' }]) {
      expect((await fetch(url, { headers: headers as Record<string, string> })).status).toBe(200)
    }
  })
})

describe('hold music', () => {
  it('goes on from round to round and over the end of the track', async () => {
    const url = await serve(app())
    const rounds = await Promise.all(
      [0, 1, 2, 3, 4].map(async (round) => soundOf(await fetch(`${url}/audio/hold/${round}.wav`))),
    )
    expect(rounds.every((sound) => sound.length === ROUND_BYTES)).toBe(true)
    expect(Buffer.concat(rounds)).toEqual(Buffer.concat([holdTrack, holdTrack]))
  })

  test.each(['-1.wav', '1.5.wav', 'x.wav', '900000.wav', '1'])('%s is unknown', async (file) => {
    expect((await fetch(`${await serve(app())}/audio/hold/${file}`)).status).toBe(404)
  })
})
