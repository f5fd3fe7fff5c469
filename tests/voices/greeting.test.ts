import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../src/observability/log.ts'
import { createAssetStore } from '../../src/persistence/asset-store.ts'
import { type SimulatedElevenLabs, startElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { AGENT_VOICE_ID } from '../../src/simulator/script.ts'
import { ElevenLabsRest } from '../../src/voice-agents/elevenlabs/rest.ts'
import { type Assets, Greeting, type GreetingOptions } from '../../src/voices/greeting.ts'
import { VendorError, type VoiceVendor } from '../../src/voices/ports.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

const log = pino({ level: 'silent' })
const TEXT = 'Hello, one moment please.'

describe('with the vendor and the database', () => {
  let db: OpenTestDatabase
  let simulator: SimulatedElevenLabs
  let greetings: Greeting[]
  beforeAll(async () => {
    db = await openTestDatabase()
  })
  beforeEach(async () => {
    simulator = await startElevenLabs({ apiKey: 'sk', agentId: 'agent', log, timeScale: 0.01 })
    greetings = []
  })
  afterEach(async () => {
    await Promise.all(greetings.map((greeting) => greeting.stop()))
    await simulator.stop()
    await db.query('delete from audio_asset')
  })
  afterAll(() => db.drop())

  function start(changes: Partial<GreetingOptions> = {}): Greeting {
    const vendor = new ElevenLabsRest({ apiKey: 'sk', baseUrl: simulator.url })
    const assets = createAssetStore(db.database)
    const greeting = new Greeting({ voiceId: AGENT_VOICE_ID, text: TEXT, vendor, assets, log, ...changes })
    greetings.push(greeting)
    greeting.start()
    return greeting
  }
  const rendered = (...several: Greeting[]) =>
    expect.poll(() => several.every(({ key }) => key !== null), { interval: 10 }).toBe(true)
  const kept = () => db.query<{ key: string; bytes: Buffer }>('select key, bytes from audio_asset')

  it('is rendered into the database, under a name that is null until then', async () => {
    const greeting = start()
    expect(greeting.key).toBeNull()
    await rendered(greeting)
    const [asset] = await kept()
    expect(asset?.key).toBe(greeting.key)
    expect(asset?.bytes.length).toBeGreaterThan(4_000)
  })

  it('is kept once when two nodes render it at the same time', async () => {
    const [one, other] = [start(), start()]
    await rendered(one, other)
    expect(one.key).toBe(other.key)
    expect(await kept()).toHaveLength(1)
  })

  it('that the vendor does not speak is told of in one line, without a stack', async () => {
    simulator.failNext('speech', [{ status: 503 }])
    const lines: string[] = []
    start({ log: createLogger('info', { write: (line) => lines.push(line) }) })
    await expect.poll(() => lines, { interval: 10 }).toHaveLength(1)
    const { time, ...line } = JSON.parse(lines[0] ?? '')
    expect(line).toMatchObject({
      level: 'warn',
      why: expect.stringContaining('ElevenLabs answered 503'),
      msg: expect.stringContaining('the carrier reads it out'),
    })
    expect(lines[0]).not.toContain('stack')
  })

  it('is not rendered again at the next start', async () => {
    await rendered(start())
    await rendered(start())
    expect(simulator.speechRequests).toBe(1)
  })

  it('is another for another voice or text', async () => {
    await rendered(start(), start({ text: 'Good morning.' }), start({ voiceId: 'EXAVITQu4vr4xnSDxMaL' }))
    expect(await kept()).toHaveLength(3)
  })
})

describe('while the vendor is down', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  function begin(speak: VoiceVendor['speak'], assets: Partial<Assets> = {}) {
    const none = () => Promise.reject(new Error('Not asked for here.'))
    const vendor = { clone: none, findByName: none, remove: none, speak }
    const put = vi.fn(async () => {})
    const kept = { get: async () => null, put, ...assets }
    const greeting = new Greeting({ voiceId: 'v', text: TEXT, vendor, assets: kept, log })
    greeting.start()
    return { greeting, put }
  }
  const down = () => Promise.reject(new VendorError('unavailable', 'Down.'))

  it('is tried again after 1, 2, 4 … 60 seconds until it is there', async () => {
    const asked: number[] = []
    const begun = Date.now()
    const speak = vi.fn(async () => {
      asked.push((Date.now() - begun) / 1000)
      return asked.length < 9 ? down() : Buffer.from('speech')
    })
    const { greeting, put } = begin(speak)
    await vi.advanceTimersByTimeAsync(4 * 60_000)
    expect(asked).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183])
    expect(put).toHaveBeenCalledExactlyOnceWith(greeting.key, Buffer.from('speech'))
  })

  it.each([
    ['a text that is refused', 'rejected', [0]],
    ['a key that is refused', 'unauthorized', [0, 900, 1_800]],
    ['a quota that is used up', 'quota_exceeded', [0, 900, 1_800]],
  ] as const)('because of %s is not asked for all the time', async (_, failure, seconds) => {
    const asked: number[] = []
    const begun = Date.now()
    const { greeting } = begin(async () => {
      asked.push((Date.now() - begun) / 1000)
      throw new VendorError(failure, 'No.')
    })
    await vi.advanceTimersByTimeAsync(40 * 60_000)
    await greeting.stop()
    expect(asked).toEqual(seconds)
  })

  it('is tried again too when the database was away', async () => {
    const get = vi.fn(async (): Promise<Buffer | null> => Buffer.from('speech'))
    get.mockRejectedValueOnce(new Error('Away.'))
    const { greeting } = begin(down, { get })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(greeting.key).not.toBeNull()
  })

  it('is let go when the node stops, between two tries or in one', async () => {
    const between = begin(down)
    await vi.advanceTimersByTimeAsync(500)
    await between.greeting.stop()

    const speak = vi.fn<VoiceVendor['speak']>(
      ({ signal }) =>
        new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new VendorError('unavailable', 'Called off.'))),
        ),
    )
    const inTry = begin(speak)
    await vi.advanceTimersByTimeAsync(0)
    await inTry.greeting.stop()
    expect(inTry.greeting.key).toBeNull()
    expect(inTry.put).not.toHaveBeenCalled()
  })
})
