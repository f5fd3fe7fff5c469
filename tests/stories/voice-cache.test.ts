import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* How long a cloned voice lives, here and at the vendor. */

describe('A cloned voice', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin()
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

  const expiry = (voiceId: string) => `expire:${voiceId}`

  /** The day is over for this voice, and for nothing else. */
  async function timeIsOver(voiceId: string): Promise<void> {
    const at = "now() - interval '1 second'"
    await world.db.query(`update voice_clone_cache set expires_at = ${at} where vendor_voice_id = $1`, [
      voiceId,
    ])
    await world.db.query(`update graphile_worker._private_jobs set run_at = ${at} where key = $1`, [
      expiry(voiceId),
    ])
  }

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
    await timeIsOver(voiceId)
    await gone(voiceId)
    expect(
      await world.db.query('select 1 from voice_clone_cache where vendor_voice_id = $1', [voiceId]),
    ).toEqual([])
  })

  it('outlives its time for as long as a call speaks with it', async () => {
    const { caller, call, voiceId } = await onThePhone()
    await timeIsOver(voiceId)
    await until('its end was put off', async () => {
      const [job] = await world.db.query<{ wait: number }>(
        `select extract(epoch from run_at - now())::float as wait from graphile_worker._private_jobs where key = $1`,
        [expiry(voiceId)],
      )
      return job && job.wait > 30
    })
    expect(isAtVendor(voiceId)).toBe(true)
    // Whoever calls meanwhile is given the same voice.
    const second = world.call(caller)
    expect((await second.conversation(1)).voiceId).toBe(voiceId)
    for (const each of [call, second]) {
      each.hangUp()
      await each.outcome()
    }
    await timeIsOver(voiceId)
    await gone(voiceId)
  })

  it('is forgotten when an operator says so, here and at the vendor', async () => {
    const { caller, call, voiceId } = await onThePhone()
    call.hangUp()
    await call.outcome()
    expect((await forget(caller)).status).toBe(204)
    expect(isAtVendor(voiceId)).toBe(false)
    expect((await forget(caller)).status).toBe(404)
    const next = world.call(caller)
    const { voiceId: anew } = await next.conversation(1)
    expect(isAtVendor(anew ?? '')).toBe(true)
    expect(anew).not.toBe(voiceId)
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
