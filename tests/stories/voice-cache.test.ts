import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* How long a cloned voice lives, here and at the vendor. */

/** Long enough to begin a call with the voice, short enough to wait for its end. */
const TTL_MS = 2_500

describe('A cloned voice', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ settings: { VOICE_CACHE_TTL_HOURS: `${TTL_MS / 3_600_000}` } })
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  /** Somebody whose voice has been cloned and who is on the phone with it. */
  async function onThePhone() {
    const caller = await world.newCallerWithVoice()
    const call = world.call(caller)
    const voiceId = (await call.conversation(1)).voiceId ?? ''
    expect(isAtVendor(voiceId)).toBe(true)
    return { caller, call, voiceId }
  }

  const isAtVendor = (voiceId: string) => world.vendor.voices.get(voiceId)?.category === 'cloned'

  const gone = (voiceId: string) => until('the voice is gone', () => !isAtVendor(voiceId))

  const forget = (caller: string) => world.admin(`/cache/${encodeURIComponent(caller)}`, { method: 'DELETE' })

  it('is used again by the next call, which waits for nothing', async () => {
    const { caller, call, voiceId } = await onThePhone()
    call.hangUp()
    await call.outcome()
    const requests = world.vendor.cloneRequests
    const next = world.call(caller)
    expect((await next.conversation(1)).voiceId).toBe(voiceId)
    expect(world.vendor.cloneRequests).toBe(requests)
    expect((await next.events()).map(({ after }) => after)).not.toContain('hold')
    next.hangUp()
    await next.outcome()
  })

  it('is deleted at the vendor when its time is over', async () => {
    const { call, voiceId } = await onThePhone()
    call.hangUp()
    await call.outcome()
    await gone(voiceId)
    expect(
      await world.db.query('select 1 from voice_clone_cache where vendor_voice_id = $1', [voiceId]),
    ).toEqual([])
  })

  it('outlives its time for as long as a call speaks with it', async () => {
    const { caller, call, voiceId } = await onThePhone()
    await until('its end was put off', async () => {
      const [job] = await world.db.query<{ wait: number }>(
        `select extract(epoch from run_at - now())::float as wait from graphile_worker._private_jobs where key = $1`,
        [`expire:${voiceId}`],
      )
      return job && job.wait > TTL_MS / 1000
    })
    expect(isAtVendor(voiceId)).toBe(true)
    // Whoever calls meanwhile is given the same voice.
    const second = world.call(caller)
    expect((await second.conversation(1)).voiceId).toBe(voiceId)
    for (const each of [call, second]) {
      each.hangUp()
      await each.outcome()
    }
    await world.passTime(60_000)
    await gone(voiceId)
  })

  it('is forgotten when an operator says so, here and at the vendor', async () => {
    const { caller, call, voiceId } = await onThePhone()
    call.hangUp()
    await call.outcome()
    expect((await forget(caller)).status).toBe(204)
    expect(isAtVendor(voiceId)).toBe(false)
    expect((await forget(caller)).status).toBe(404)
    const { call: next, voiceId: anew } = { call: world.call(caller), voiceId: null }
    expect((await next.conversation(1)).voiceId).not.toBe(anew)
    next.hangUp()
    await next.outcome()
  })

  it('goes with the caller who takes their samples back', async () => {
    const { caller, call, voiceId } = await onThePhone()
    call.hangUp()
    await call.outcome()
    const removed = await world.admin(`/voices/${encodeURIComponent(caller)}`, { method: 'DELETE' })
    expect(removed.status).toBe(204)
    expect(isAtVendor(voiceId)).toBe(false)
    expect(
      await world.db.query(
        'select 1 from voice_sample s join caller_voice_mapping m using (sample_key) where caller_id = $1',
        [caller],
      ),
    ).toEqual([])
    const next = world.call(caller)
    expect(isAtVendor((await next.conversation(1)).voiceId ?? '')).toBe(false)
    next.hangUp()
    await next.outcome()
  })

  it('that is taken back while it is being made is not left at the vendor', async () => {
    world.vendor.withholdClones = true
    const caller = await world.newCallerWithVoice()
    const voices = [...world.vendor.voices.keys()]
    const call = world.call(caller)
    await call.reaches('hold')
    await world.admin(`/voices/${encodeURIComponent(caller)}`, { method: 'DELETE' })
    world.vendor.withholdClones = false
    const { voiceId } = await call.conversation(1)
    expect(isAtVendor(voiceId ?? '')).toBe(false)
    await until('nothing of it is left', () =>
      [...world.vendor.voices.keys()].every((id) => voices.includes(id)),
    )
    call.hangUp()
    await call.outcome()
  })
})
