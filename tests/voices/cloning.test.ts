import { beforeEach, describe, expect, it, vi } from 'vitest'
import { VendorError, type VoiceVendor } from '../../src/voices/ports.ts'
import { cloneName } from '../../src/voices/voice-name.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { TTL_MS, type VoiceWorld, voiceWorlds } from './voice-world.ts'

const begin = voiceWorlds()
let world: VoiceWorld
beforeEach(async () => {
  world = await begin()
})

const ready = (sampleKey: string, voiceId: string | undefined) => ({
  sampleKey,
  event: { type: 'voice.ready', voiceId },
})
const failed = (sampleKey: string, cause: string) => ({ sampleKey, event: { type: 'voice.failed', cause } })

/** With what the vendor said, or that it said nothing. */
const failedAtVendor = (sampleKey: string, cause: string, detail: RegExp) => {
  const { event } = failed(sampleKey, cause)
  return { sampleKey, event: { ...event, detail: expect.stringMatching(detail) } }
}

/** The vendor with some of its methods replaced. */
const vendorWith = (changes: Partial<VoiceVendor>): VoiceVendor => ({
  clone: (request) => world.rest.clone(request),
  findByName: (name, signal) => world.rest.findByName(name, signal),
  remove: (voiceId, signal) => world.rest.remove(voiceId, signal),
  speak: (request) => world.rest.speak(request),
  ...changes,
})

/** Makes voices, and loses the first answers. */
function losingAnswers(count: number): VoiceVendor {
  let left = count
  return vendorWith({
    async clone(request) {
      const made = await world.rest.clone(request)
      if (left-- > 0) throw new VendorError('unavailable', 'The answer was lost.')
      return made
    },
  })
}

describe('a clone', () => {
  it('is made once, kept for its time, and told to all who wait', async () => {
    const sampleKey = await world.giveVoice('alice', 'one', 'two')
    const onClone = vi.fn()
    const { cloning } = world.node({ onClone })
    await cloning.clone(sampleKey)
    const [voiceId] = world.clonedVoices
    expect(
      world.vendor.voices
        .get(voiceId ?? '')
        ?.samples.map(({ fileName }) => fileName)
        .sort(),
    ).toEqual(['one.wav', 'two.wav'])
    const clone = await world.store.clone(sampleKey)
    expect(clone).toMatchObject({ status: 'ready', vendorVoiceId: voiceId, failure: null })
    expect((clone?.expiresAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(TTL_MS - 10_000)
    expect(onClone).toHaveBeenCalledExactlyOnceWith({ result: 'cloned', seconds: expect.any(Number) })

    await cloning.clone(sampleKey)
    expect(world.announced).toEqual([ready(sampleKey, voiceId), ready(sampleKey, voiceId)])
    expect(world.vendor.cloneRequests).toBe(1)
    expect(await world.log(sampleKey)).toEqual(['cloned'])
  })

  it('is made all the same when the vendor is busy or broken at first', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    world.vendor.failNextClones([
      { status: 429, body: { detail: { status: 'system_busy' } }, headers: { 'retry-after': '0' } },
      { status: 200, body: '<html>Back soon</html>' },
    ])
    await world.node().cloning.clone(sampleKey)
    expect(world.announced).toEqual([ready(sampleKey, world.clonedVoices[0])])
    expect(world.vendor.cloneRequests).toBe(3)
  })

  it.each([
    ['unauthorized', { status: 401, body: { detail: { status: 'invalid_api_key', message: 'No.' } } }, 1],
    ['rejected', { status: 422, body: { detail: [{ loc: ['body', 'files'], msg: 'Too short' }] } }, 1],
    ['quota_exceeded', { status: 400, body: { detail: { status: 'voice_add_edit_limit_reached' } } }, 1],
    ['rate_limited', { status: 429, headers: { 'retry-after': '600' } }, 1],
    ['unavailable', { status: 503 }, 3],
  ])('that fails (%s) is told and written down', async (cause, answer, requests) => {
    const sampleKey = await world.giveVoice('alice', 'one')
    world.vendor.failNextClones([answer, answer, answer])
    await world.node().cloning.clone(sampleKey)
    expect(world.announced).toEqual([
      failedAtVendor(sampleKey, cause, /^ElevenLabs answered [45]\d\d \(.+\)\.$/),
    ])
    expect(world.vendor.cloneRequests).toBe(requests)
    expect(await world.store.clone(sampleKey)).toMatchObject({ status: 'failed', vendorVoiceId: null })
    expect(await world.log(sampleKey)).toEqual(['failed'])
  })

  it('is tried anew for the next call after it failed', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    world.vendor.failNextClones([{ status: 401 }])
    const { cloning } = world.node()
    await cloning.clone(sampleKey)
    await cloning.clone(sampleKey)
    expect(await world.store.clone(sampleKey)).toMatchObject({ status: 'ready', failure: null })
  })

  it('is not asked for again with samples that the vendor refuses, until they are saved anew or their time is over', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const answer = { status: 422, body: { detail: [{ loc: ['body', 'files'], msg: 'Too short' }] } }
    world.vendor.failNextClones([answer, answer])
    const { cloning } = world.node()
    await cloning.clone(sampleKey)
    await cloning.clone(sampleKey)
    expect(world.announced).toEqual(Array(2).fill(failedAtVendor(sampleKey, 'rejected', /422 .*Too short/)))
    expect(world.vendor.cloneRequests).toBe(1)
    await world.db.query(`update voice_clone_log set at = at - interval '61 minutes'`)
    await cloning.clone(sampleKey)
    expect(world.vendor.cloneRequests).toBe(2)
    await world.giveVoice('alice', 'one')
    await cloning.clone(sampleKey)
    expect(world.announced.at(-1)).toEqual(ready(sampleKey, world.clonedVoices[0]))
  })

  it('that was made before our own database failed is told when the job is run again', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const announce = vi.fn().mockRejectedValueOnce(new Error('The database is gone.'))
    const { cloning } = world.node({ announce })
    await expect(cloning.clone(sampleKey)).rejects.toThrow('The database is gone.')
    await cloning.clone(sampleKey)
    expect(announce).toHaveBeenLastCalledWith(sampleKey, ready('', world.clonedVoices[0]).event)
    expect(world.vendor.cloneRequests).toBe(1)
  })
})

describe('nothing is made twice, or left at the vendor', () => {
  it('when the answer was lost: the voice is found again', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    await world.node({ vendor: losingAnswers(1) }).cloning.clone(sampleKey)
    expect(world.clonedVoices).toHaveLength(1)
    expect(world.announced).toEqual([ready(sampleKey, world.clonedVoices[0])])
    expect(await world.log(sampleKey)).toEqual(['adopted'])
  })

  it('when the node died before it had the answer', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const left = await world.store.beginClone(sampleKey)
    const samples = await world.store.samples(sampleKey)
    const { voiceId } = await world.rest.clone({ name: cloneName(left), samples })
    await world.node().cloning.clone(sampleKey)
    expect(world.announced).toEqual([ready(sampleKey, voiceId)])
    expect(world.clonedVoices).toEqual([voiceId])
  })

  it('when the vendor could not be asked for the earlier voice: the second one stays, the first is a stray', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const blind = { ...losingAnswers(1) }
    blind.findByName = vi
      .fn(world.rest.findByName.bind(world.rest))
      .mockRejectedValueOnce(new VendorError('unavailable', 'No.'))
    const node = world.node({ vendor: blind })
    await node.cloning.clone(sampleKey)
    expect(world.clonedVoices).toHaveLength(2)
    const clone = await world.store.clone(sampleKey)
    await node.removal.removeStrays(sampleKey, clone?.requestedAt ?? new Date(0))
    expect(world.clonedVoices).toEqual([clone?.vendorVoiceId])
  })

  it('when every answer was lost: whatever was made is a stray', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const vendor = losingAnswers(3)
    vendor.findByName = async () => []
    await world.node({ vendor }).cloning.clone(sampleKey)
    expect(world.announced).toEqual([failedAtVendor(sampleKey, 'unavailable', /./)])
    expect(world.clonedVoices).toHaveLength(3)
    const clone = await world.store.clone(sampleKey)
    await world.node().removal.removeStrays(sampleKey, clone?.requestedAt ?? new Date(0))
    expect(world.clonedVoices).toEqual([])
  })

  it('while strays are looked for before it is known which voice is kept', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const clone = await world.store.beginClone(sampleKey)
    const samples = await world.store.samples(sampleKey)
    await world.rest.clone({ name: cloneName(clone), samples })
    await world.node().removal.removeStrays(sampleKey, clone.requestedAt)
    expect(world.clonedVoices).toHaveLength(1)
  })

  it('when the clone was forgotten and another made: neither is taken for the other', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const { cloning, removal } = world.node()
    await cloning.clone(sampleKey)
    const first = await world.store.clone(sampleKey)
    world.vendor.failNext('deleteVoice', [{ status: 500 }])
    await removal.forget(sampleKey, 'deleted')
    const [doomed] = world.clonedVoices
    await world.node({ vendor: losingAnswers(1) }).cloning.clone(sampleKey)
    const second = await world.store.clone(sampleKey)
    expect(second?.vendorVoiceId).not.toBe(doomed)
    await removal.removeStrays(sampleKey, first?.requestedAt ?? new Date(0))
    expect(world.clonedVoices).toEqual([second?.vendorVoiceId])
  })
})

describe('a voice that is deleted while it is made', () => {
  it('is told to those who wait, and is nowhere left', async () => {
    const clock = new ManualClock()
    world = await begin({ clock, cloneDelayMs: 6_000 })
    const sampleKey = await world.giveVoice('alice', 'one')
    const { cloning, callerVoices } = world.node()
    const made = cloning.clone(sampleKey)
    await expect.poll(() => world.vendor.cloneRequests).toBe(1)
    await expect.poll(() => clock.pending).toBe(1)
    expect(await callerVoices.remove('alice')).toBe(true)
    clock.advance(6_000)
    await made
    expect(world.announced).toEqual([failed(sampleKey, 'deleted')])
    expect(world.clonedVoices).toEqual([])
    expect(await world.store.clone(sampleKey)).toBeNull()
    expect(await world.jobs()).toEqual([])
  })

  it('is left to the job queue when the vendor does not delete it', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const vendor = vendorWith({
      async clone(request) {
        const made = await world.rest.clone(request)
        await world.store.remove('alice')
        return made
      },
      remove: () => Promise.reject(new VendorError('unavailable', 'Not now.')),
    })
    await world.node({ vendor }).cloning.clone(sampleKey)
    expect(await world.store.clone(sampleKey)).toBeNull()
    expect(await world.jobs()).toMatchObject([
      { task: 'remove-vendor-voice', key: `remove:${world.clonedVoices[0]}` },
    ])
  })

  it('is not even begun when the samples are gone first', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const { cloning, callerVoices } = world.node()
    await callerVoices.remove('alice')
    await cloning.clone(sampleKey)
    expect(world.announced).toEqual([failed(sampleKey, 'deleted')])
    expect(world.vendor.cloneRequests).toBe(0)
    expect(await world.store.clone(sampleKey)).toBeNull()
  })
})

describe('a voice whose time is over', () => {
  it('is ended and made anew, should a call come before the expiry does', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    await world.node().cloning.clone(sampleKey)
    const [old] = world.clonedVoices
    await world.expireVoices()
    await world.node().cloning.clone(sampleKey)
    expect(world.clonedVoices).toHaveLength(1)
    expect(world.clonedVoices).not.toContain(old)
    expect(await world.log(sampleKey)).toEqual(['cloned', 'expired', 'cloned'])
  })

  it('is good for another call while one speaks with it', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    await world.node().cloning.clone(sampleKey)
    const [voiceId] = world.clonedVoices
    await world.liveCall(sampleKey, voiceId)
    await world.expireVoices()
    await world.node().cloning.clone(sampleKey)
    expect(world.announced).toEqual([ready(sampleKey, voiceId), ready(sampleKey, voiceId)])
    expect(world.vendor.cloneRequests).toBe(1)
  })

  it('is postponed while a call speaks with it, and ended after', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const { cloning, removal } = world.node()
    await cloning.clone(sampleKey)
    const [voiceId = ''] = world.clonedVoices
    const hangUp = await world.liveCall(sampleKey, voiceId)
    await removal.expire(sampleKey, voiceId)
    expect(world.clonedVoices).toEqual([voiceId])
    expect(await world.jobs()).toMatchObject([{ task: 'expire-voice', key: `expire:${voiceId}` }])
    expect((await world.jobs())[0]?.dueInMs).toBeLessThan(61_000)
    await hangUp()
    await removal.expire(sampleKey, voiceId)
    expect(world.clonedVoices).toEqual([])
    expect(await world.log(sampleKey)).toEqual(['cloned', 'expired'])
  })

  it('is left alone when it is another that was meant', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const { cloning, removal } = world.node()
    await cloning.clone(sampleKey)
    await removal.expire(sampleKey, 'an earlier voice')
    expect(world.clonedVoices).toHaveLength(1)
  })
})

describe('a full account', () => {
  beforeEach(async () => {
    world = await begin({ voiceLimit: 2 })
  })

  /** The account's two voices, the older one first. */
  async function fill(): Promise<string[]> {
    const { cloning } = world.node()
    const keys: string[] = []
    for (const caller of ['bob', 'carol']) {
      const sampleKey = await world.giveVoice(caller, caller)
      await cloning.clone(sampleKey)
      keys.push(sampleKey)
    }
    world.announced.length = 0
    return keys
  }

  it('makes room by the voice that was used longest ago', async () => {
    const [bob = '', carol = ''] = await fill()
    await world.db.query(
      `update voice_clone_cache set last_used_at = now() + interval '1 minute' where sample_key = $1`,
      [bob],
    )
    const alice = await world.giveVoice('alice', 'alice')
    await world.node().cloning.clone(alice)
    expect(await world.store.clone(carol)).toBeNull()
    expect(await world.store.clone(bob)).not.toBeNull()
    expect(await world.log(carol)).toEqual(['cloned', 'evicted'])
    expect(await world.jobs()).not.toContainEqual(expect.objectContaining({ task: 'remove-vendor-voice' }))
  })

  it('makes room twice for two nodes that ask at once', async () => {
    await fill()
    const keys = [await world.giveVoice('alice', 'alice'), await world.giveVoice('dave', 'dave')]
    await Promise.all(keys.map((sampleKey) => world.node().cloning.clone(sampleKey)))
    expect(world.announced.map(({ event }) => event.type)).toEqual(['voice.ready', 'voice.ready'])
    expect(world.clonedVoices).toHaveLength(2)
  })

  it('spares voices of live calls, and says so', async () => {
    for (const sampleKey of await fill()) await world.liveCall(sampleKey)
    const alice = await world.giveVoice('alice', 'alice')
    await world.node().cloning.clone(alice)
    expect(world.announced).toEqual([failedAtVendor(alice, 'slots_full', /^ElevenLabs answered 4\d\d/)])
    expect(world.clonedVoices).toHaveLength(2)
  })

  it('gives up no second voice when the vendor does not delete the first', async () => {
    const [bob = '', carol = ''] = await fill()
    world.vendor.failNext('deleteVoice', [{ status: 500 }])
    const alice = await world.giveVoice('alice', 'alice')
    await world.node().cloning.clone(alice)
    expect(world.announced).toEqual([failedAtVendor(alice, 'slots_full', /^ElevenLabs answered 4\d\d/)])
    expect(await world.store.clone(bob)).toBeNull()
    expect(await world.store.clone(carol)).not.toBeNull()
    expect(await world.jobs()).toContainEqual(expect.objectContaining({ task: 'remove-vendor-voice' }))
  })
})

describe('a node that stops', () => {
  it('gives the clone up at once, and another goes on with it', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    world.vendor.hangClone = true
    const stop = new AbortController()
    const given = world.node().cloning.clone(sampleKey, stop.signal)
    await expect.poll(() => world.vendor.cloneRequests).toBe(1)
    stop.abort(new Error('The node stops.'))
    await expect(given).rejects.toThrow('The node stops.')
    expect(world.announced).toEqual([])
    const left = await world.store.clone(sampleKey)
    expect(left).toMatchObject({ status: 'cloning' })
    world.vendor.hangClone = false
    await world.node().cloning.clone(sampleKey)
    expect(await world.store.clone(sampleKey)).toMatchObject({
      status: 'ready',
      requestedAt: left?.requestedAt,
    })
  })
})
