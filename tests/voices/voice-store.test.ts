import { createHash, randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { contentOf, PIECE_BYTES } from '../../src/runtime/spool.ts'
import { bytesOf } from '../support/bytes-of.ts'
import { samplesOf, type VoiceWorld, voiceWorlds, wav } from './voice-world.ts'

const begin = voiceWorlds()
let world: VoiceWorld
beforeEach(async () => {
  world = await begin()
})

const CONSENT = { by: 'Ann Example', at: new Date('2026-11-20T10:00:00Z') }
const HOUR_MS = 3_600_000
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const save = (callerId: string, ...contents: string[]) =>
  world.store.save({ callerId, name: callerId, consent: CONSENT, ...samplesOf(...contents) })

async function readyClone(sampleKey: string, vendorVoiceId: string, ttlMs = HOUR_MS): Promise<void> {
  await world.store.beginClone(sampleKey)
  await world.store.markReady(sampleKey, vendorVoiceId, ttlMs)
}

describe("a caller's voice", () => {
  it('is saved with its samples and found as it was saved', async () => {
    const { sampleKey } = samplesOf('one', 'two')
    const { voice, forgotten } = await save('alice', 'one', 'two')
    expect(forgotten).toBeNull()
    expect(voice).toEqual({
      callerId: 'alice',
      name: 'alice',
      consent: CONSENT,
      sampleKey,
      trust: null,
      createdAt: expect.any(Date),
      updatedAt: voice.createdAt,
    })
    expect(await world.store.find('alice')).toEqual(voice)
    const kept = await world.store.samples(sampleKey)
    const contents = await Promise.all(kept.map(bytesOf))
    expect(kept.map(({ fileName, mimeType }) => [fileName, mimeType]).sort()).toEqual([
      ['one.wav', 'audio/wav'],
      ['two.wav', 'audio/wav'],
    ])
    expect(contents.map(sha256)).toEqual(kept.map((sample) => sample.sha256))
    expect(contents).toEqual(expect.arrayContaining([wav('one'), wav('two')]))
    expect(await world.store.find('bob')).toBeNull()
  })

  it.each([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 10 * 1024 * 1024])(
    'keeps a sample of %i bytes as it is',
    async (size) => {
      const bytes = randomBytes(size)
      const sample = { fileName: 'a.wav', mimeType: 'audio/wav', sha256: sha256(bytes), ...contentOf(bytes) }
      const description = { callerId: 'alice', name: 'alice', consent: CONSENT, sampleKey: 'k' }
      await world.store.save({ ...description, samples: [...samplesOf('one').samples, sample] })
      const kept = (await world.store.samples('k')).find((other) => other.sha256 === sample.sha256)
      if (!kept) return expect.fail('It is not kept.')
      const read = await bytesOf(kept)
      expect([kept.size, read.equals(bytes)]).toEqual([size, true])
    },
  )

  it('leaves nothing of samples that cannot be read to their end', async () => {
    const { voice } = await save('alice', 'one')
    const broken = {
      fileName: 'a.wav',
      mimeType: 'audio/wav',
      sha256: 'a'.repeat(64),
      size: 2 * PIECE_BYTES,
      async *pieces() {
        yield randomBytes(PIECE_BYTES)
        throw new Error('The disk is gone.')
      },
    }
    const description = { callerId: 'alice', name: 'Ann', consent: CONSENT, sampleKey: 'k' }
    const saving = world.store.save({ ...description, samples: [...samplesOf('two').samples, broken] })
    await expect(saving).rejects.toThrow('The disk is gone.')
    expect(await world.store.samples('k')).toEqual([])
    expect(await world.store.find('alice')).toEqual(voice)
    expect((await save('alice', 'two')).voice.name).toBe('alice')
  })

  it('keeps a sample that was uploaded twice once', async () => {
    const { voice } = await save('alice', 'one', 'one')
    expect(await world.store.samples(voice.sampleKey)).toHaveLength(1)
  })

  it('may be described anew without losing its clone', async () => {
    const { voice } = await save('alice', 'one')
    await readyClone(voice.sampleKey, 'v1')
    const again = await save('alice', 'one')
    expect(again.forgotten).toBeNull()
    expect(again.voice.createdAt).toEqual(voice.createdAt)
    expect(await world.store.clone(voice.sampleKey)).toMatchObject({ vendorVoiceId: 'v1' })
  })

  it('takes samples and clone with it when it is replaced', async () => {
    const { voice } = await save('alice', 'one')
    await readyClone(voice.sampleKey, 'v1')
    const { forgotten } = await save('alice', 'two')
    expect(forgotten).toMatchObject({ sampleKey: voice.sampleKey, vendorVoiceId: 'v1' })
    expect(await world.store.samples(voice.sampleKey)).toEqual([])
    expect(await world.store.clone(voice.sampleKey)).toBeNull()
    expect(await world.jobs()).toContainEqual(expect.objectContaining({ key: 'remove:v1' }))
  })

  it('takes samples and clone with it when it is removed', async () => {
    const { voice } = await save('alice', 'one')
    await readyClone(voice.sampleKey, 'v1')
    expect(await world.store.remove('alice')).toEqual({
      forgotten: expect.objectContaining({ vendorVoiceId: 'v1' }),
    })
    expect(await world.store.samples(voice.sampleKey)).toEqual([])
    expect(await world.store.remove('alice')).toBeNull()
  })

  it('leaves what another caller shares', async () => {
    const { voice } = await save('alice', 'one')
    await save('bob', 'one')
    await readyClone(voice.sampleKey, 'v1')
    expect(await world.store.remove('alice')).toEqual({ forgotten: null })
    expect(await save('carol', 'one')).toMatchObject({ forgotten: null })
    expect(await save('carol', 'two')).toMatchObject({ forgotten: null })
    expect(await world.store.samples(voice.sampleKey)).toHaveLength(1)
    expect(await world.store.clone(voice.sampleKey)).not.toBeNull()
    expect(await world.store.remove('bob')).toMatchObject({ forgotten: { vendorVoiceId: 'v1' } })
    expect(await world.store.samples(voice.sampleKey)).toEqual([])
  })

  it('never loses its samples to those who edit others at the same time, and leaves none behind', async () => {
    const edits = Array.from({ length: 40 }, (_, i) => {
      const caller = `caller ${i % 5}`
      return i % 3 === 0 ? world.store.remove(caller) : save(caller, `content ${(i * 7) % 3}`)
    })
    await Promise.all(edits)
    const unheard = await world.db.query(
      `select caller_id from caller_voice_mapping m
       where not exists (select 1 from voice_sample s where s.sample_key = m.sample_key)`,
    )
    const unused = await world.db.query(
      `select sample_key from voice_sample s
       where not exists (select 1 from caller_voice_mapping m where s.sample_key = m.sample_key)`,
    )
    expect({ unheard, unused }).toEqual({ unheard: [], unused: [] })
  })
})

describe('a clone', () => {
  it('keeps the moment of its request until it is over', async () => {
    const first = await world.store.beginClone('k')
    expect(await world.store.beginClone('k')).toEqual(first)
    expect(await world.store.clone('k')).toEqual({ ...first, isExpired: false })
    await world.db.query(
      `update voice_clone_cache set requested_at = '2026-01-01', status = 'failed', failure = 'x'`,
    )
    const second = await world.store.beginClone('k')
    expect(second.requestedAt.getTime()).toBeGreaterThanOrEqual(first.requestedAt.getTime())
    expect(second).toMatchObject({ status: 'cloning', failure: null })
  })

  it('is looked for at the vendor later, should there be more than one', async () => {
    const { requestedAt } = await world.store.beginClone('k')
    const [job] = await world.db.query<{ payload: object; dueInS: number }>(
      `select payload, extract(epoch from run_at - now())::int as "dueInS"
       from graphile_worker._private_jobs where key like 'strays:%'`,
    )
    expect(job?.payload).toEqual({ sampleKey: 'k', requestedAt: requestedAt.toISOString() })
    expect(job?.dueInS).toBeGreaterThan(800)
  })

  it('is ready, with its end as a job', async () => {
    await world.store.beginClone('k')
    expect(await world.store.markReady('k', 'v1', HOUR_MS)).toBe(true)
    const clone = await world.store.clone('k')
    expect(clone).toMatchObject({
      status: 'ready',
      vendorVoiceId: 'v1',
      isExpired: false,
      readyAt: expect.any(Date),
      lastUsedAt: expect.any(Date),
    })
    const lastsMs = (clone?.expiresAt?.getTime() ?? 0) - (clone?.readyAt?.getTime() ?? 0)
    expect(lastsMs).toBe(HOUR_MS)
    expect(await world.store.readyClones()).toMatchObject([{ sampleKey: 'k' }])
    const [job] = await world.jobs()
    expect(job).toMatchObject({ task: 'expire-voice', key: 'expire:v1' })
    expect(job?.dueInMs).toBeGreaterThan(3_590_000)
  })

  it('that is gone when it is made becomes a removal, and no clone', async () => {
    await world.store.beginClone('k')
    await world.store.forgetClone('k')
    expect(await world.store.markReady('k', 'v1', HOUR_MS)).toBe(false)
    expect(await world.store.clone('k')).toBeNull()
    expect(await world.jobs()).toMatchObject([{ task: 'remove-vendor-voice', key: 'remove:v1' }])
  })

  it('is forgotten together with the promise to remove it, and that is taken back', async () => {
    await readyClone('k', 'v1')
    expect(await world.store.forgetClone('k')).toMatchObject({ sampleKey: 'k', vendorVoiceId: 'v1' })
    expect(await world.store.forgetClone('k')).toBeNull()
    expect((await world.jobs()).map(({ key }) => key)).toEqual(['expire:v1', 'remove:v1'])
    await world.store.removalDone('v1')
    expect((await world.jobs()).map(({ key }) => key)).toEqual(['expire:v1'])
  })

  it('keeps its row when the job cannot be written', async () => {
    await readyClone('k', 'v1')
    await world.db.query('alter table voice_job rename to voice_job_away')
    try {
      await expect(world.store.forgetClone('k')).rejects.toThrow('voice_job')
      expect(await world.store.clone('k')).not.toBeNull()
      await world.store.beginClone('k').catch(() => {})
      expect(await world.store.clone('k')).toMatchObject({ status: 'ready' })
    } finally {
      await world.db.query('alter table voice_job_away rename to voice_job')
    }
  })

  it('is forgotten though the queue takes no jobs: the vendor’s copy goes when it does', async () => {
    await readyClone('k', 'v1')
    await world.db.query('alter function graphile_worker.add_job rename to add_job_away')
    try {
      expect(await world.store.forgetClone('k')).toMatchObject({ vendorVoiceId: 'v1' })
    } finally {
      await world.db.query('alter function graphile_worker.add_job_away rename to add_job')
    }
    await world.store.scheduleExpiry('k', 'v2', 60_000)
    expect((await world.jobs()).map(({ key }) => key)).toEqual(
      expect.arrayContaining(['remove:v1', 'expire:v2']),
    )
  })

  it('is in use while a live call speaks with it, and not while one only waits', async () => {
    await world.liveCall('k')
    expect(await world.store.isInUse('v1')).toBe(false)
    const hangUp = await world.liveCall('k', 'v1')
    expect(await world.store.isInUse('v1')).toBe(true)
    await hangUp()
    expect(await world.store.isInUse('v1')).toBe(false)
  })
})

describe('the least recently used clone', () => {
  const used = (sampleKey: string, at: string | null) =>
    world.db.query('update voice_clone_cache set last_used_at = $2 where sample_key = $1', [sampleKey, at])
  const next = async () => (await world.store.forgetLeastRecentlyUsed())?.sampleKey ?? null

  it('is the one that goes, never-used ones first, those of live calls and unfinished ones never', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await readyClone(key, `voice ${key}`)
    await world.store.beginClone('e')
    await used('a', '2026-01-03')
    await used('b', '2026-01-01')
    await used('c', null)
    await used('d', '2025-01-01')
    const hangUp = await world.liveCall('d')
    expect([await next(), await next(), await next(), await next()]).toEqual(['c', 'b', 'a', null])
    await hangUp()
    expect([await next(), await next()]).toEqual(['d', null])
    expect((await world.jobs()).filter(({ task }) => task === 'remove-vendor-voice')).toHaveLength(4)
  })

  it('is never given to two', async () => {
    for (let i = 0; i < 6; i++) await readyClone(`k${i}`, `v${i}`)
    const keys = await Promise.all(Array.from({ length: 6 }, next))
    const given = keys.filter((key) => key !== null)
    expect(new Set(given).size).toBe(given.length)
  })
})
