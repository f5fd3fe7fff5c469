import { beforeEach, describe, expect, it } from 'vitest'
import { newVoiceId } from '../../src/simulator/elevenlabs/vendor-id.ts'
import { cloneName } from '../../src/voices/voice-name.ts'
import { type VoiceWorld, voiceWorlds } from './voice-world.ts'

const begin = voiceWorlds()
let world: VoiceWorld
beforeEach(async () => {
  world = await begin()
})

const told = () => world.announced.map(({ event }) => event.type)
/** The queue looks for what fell due once a second. */
const eventually = <Value>(look: () => Value) => expect.poll(look, { interval: 20, timeout: 10_000 })
const idle = () => eventually(() => world.jobs()).toEqual([])

describe('on the real job queue', () => {
  it('twenty calls on two nodes share one clone, which ends when its time is over', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    await world.work(world.node())
    await world.work(world.node())
    await Promise.all(Array.from({ length: 20 }, () => world.requestClone(sampleKey)))
    await eventually(told).toEqual(Array(20).fill('voice.ready'))
    expect(world.vendor.cloneRequests).toBe(1)
    await world.expireVoices()
    await world.hurry()
    await eventually(() => world.store.clone(sampleKey)).toBeNull()
    await idle()
    expect(world.clonedVoices).toEqual([])
    expect(await world.log(sampleKey)).toEqual(['cloned', 'expired'])
  })

  it('an expiry that is due tomorrow holds up no clone of the same samples', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const node = world.node()
    await world.work(node)
    await world.requestClone(sampleKey)
    await eventually(told).toHaveLength(1)
    // Calls are told before the job that made the voice is put away.
    await eventually(() => world.jobs()).toMatchObject([{ task: 'expire-voice' }])
    await world.requestClone(sampleKey)
    await eventually(told).toHaveLength(2)
    await node.removal.forget(sampleKey, 'deleted')
    await world.requestClone(sampleKey)
    await eventually(told).toHaveLength(3)
    expect(world.vendor.cloneRequests).toBe(2)
  })

  it('an expiry that comes while a call speaks is looked at again, and leaves one job', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    await world.work(world.node({ ttlMs: 0 }))
    const [voiceId = ''] = await withVoice(sampleKey)
    const hangUp = await world.liveCall(sampleKey, voiceId)
    await world.store.scheduleExpiry(sampleKey, voiceId, 0)
    await eventually(async () => (await world.jobs())[0]?.dueInMs).toBeGreaterThan(50_000)
    expect(await world.jobs()).toHaveLength(1)
    await hangUp()
    await world.hurry()
    await idle()
    expect(world.clonedVoices).toEqual([])
  })

  it('a voice that the vendor does not delete at first is deleted in the end', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const node = world.node()
    await node.cloning.clone(sampleKey)
    world.vendor.failNext('deleteVoice', [{ status: 500 }, { status: 401 }, { status: 200, body: '<html>' }])
    expect(await node.callerVoices.remove('alice')).toBe(true)
    expect(world.clonedVoices).toHaveLength(1)
    await world.work(node)
    const done = async () => {
      await world.hurry()
      return world.clonedVoices
    }
    await eventually(done).toEqual([])
    await idle()
  })

  it('the clone of a node that died is taken over, with the voice that it had made', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    world.vendor.hangClone = true
    const dying = await world.work(
      world.node({ announce: () => Promise.reject(new Error('This node is dead.')) }),
    )
    await world.requestClone(sampleKey)
    await eventually(() => world.vendor.cloneRequests).toBe(1)
    const left = await world.store.clone(sampleKey)
    expect(left?.status).toBe('cloning')
    const { voiceId } = finish(sampleKey, left?.requestedAt ?? new Date(0))

    await world.work(world.node())
    await world.db.query('select graphile_worker.force_unlock_workers($1)', [dying.workerIds])
    // The dead node's last try may still fail after this, which puts the next one off.
    const toldAtLast = async () => {
      await world.hurry('clone-voice')
      return told()
    }
    await eventually(toldAtLast).toEqual(['voice.ready'])
    expect(await world.store.clone(sampleKey)).toMatchObject({ vendorVoiceId: voiceId })
    expect(world.clonedVoices).toEqual([voiceId])
    world.vendor.hangClone = false
  })

  it('a second caller takes nothing from the node that makes the clone: no job outlives it', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    world.vendor.hangClone = true
    const dead = { announce: () => Promise.reject(new Error('This node is dead.')) }
    const dying = await world.work(world.node(dead))
    await world.requestClone(sampleKey)
    await eventually(() => world.vendor.cloneRequests).toBe(1)
    await world.requestClone(sampleKey)
    await dying.stop()
    world.vendor.hangClone = false
    await world.work(world.node())
    await eventually(told).toEqual(['voice.ready', 'voice.ready'])
    await eventually(async () => (await world.jobs()).map(({ task }) => task)).toEqual(['expire-voice'])
  })

  it('those who asked before the vendor refused are told, and it is asked once', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const ask = () => world.requestClone(sampleKey)
    await Promise.all([ask(), ask(), ask()])
    world.vendor.failNext('clone', [{ status: 401 }])
    await world.work(world.node())
    await eventually(told).toEqual(['voice.failed', 'voice.failed', 'voice.failed'])
    expect(await world.log(sampleKey)).toEqual(['failed'])
    await ask()
    await eventually(told).toContain('voice.ready')
  })

  it('strays are searched and deleted by their job', async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    const { requestedAt } = await world.store.beginClone(sampleKey)
    await world.db.query(`update voice_clone_cache set status = 'failed'`)
    finish(sampleKey, requestedAt)
    await world.work(world.node())
    await world.hurry()
    await eventually(() => world.clonedVoices).toEqual([])
  })

  it('a clone under way is given up when the node stops', { timeout: 15_000 }, async () => {
    const sampleKey = await world.giveVoice('alice', 'one')
    world.vendor.hangClone = true
    const queue = await world.work(world.node())
    await world.requestClone(sampleKey)
    await eventually(() => world.vendor.cloneRequests).toBe(1)
    await queue.stop()
    expect(world.announced).toEqual([])

    world.vendor.hangClone = false
    await world.work(world.node())
    await eventually(told).toEqual(['voice.ready'])
  })

  async function withVoice(sampleKey: string): Promise<string[]> {
    await world.node().cloning.clone(sampleKey)
    return world.clonedVoices
  }

  /** The vendor has made the voice and answers nobody: whoever asks for it meanwhile makes no second one. */
  function finish(sampleKey: string, requestedAt: Date): { voiceId: string } {
    const name = cloneName({ sampleKey, requestedAt })
    const voiceId = newVoiceId()
    const nothing = { description: null, labels: {}, samples: [] }
    world.vendor.voices.set(voiceId, { voiceId, name, category: 'cloned', createdAt: new Date(), ...nothing })
    return { voiceId }
  }
})
