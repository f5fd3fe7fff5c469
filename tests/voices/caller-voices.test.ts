import { beforeEach, describe, expect, it } from 'vitest'
import { contentOf } from '../../src/runtime/spool.ts'
import { type VoiceNode, type VoiceWorld, voiceWorlds, wav } from './voice-world.ts'

const begin = voiceWorlds()
let world: VoiceWorld
let node: VoiceNode
beforeEach(async () => {
  world = await begin()
  node = world.node()
})

const CONSENT = { by: 'Ann Example', at: new Date('2026-11-20T10:00:00Z') }
const file = (content: string) => ({ fileName: `${content}.wav`, content: contentOf(wav(content)) })

async function save(callerId: string, ...contents: string[]): Promise<string> {
  const files = contents.map(file)
  const saved = await node.callerVoices.save({ callerId, name: callerId, consent: CONSENT, files })
  if ('refused' in saved) throw new Error(saved.refused.join())
  return saved.sampleKey
}

/** Saves and clones. */
async function speak(callerId: string, content: string): Promise<string> {
  const sampleKey = await save(callerId, content)
  await node.cloning.clone(sampleKey)
  return sampleKey
}

describe("an operator's work on callers' voices", () => {
  it('is refused with what is wrong, and changes nothing', async () => {
    const files = [file('one'), { ...file('two'), content: contentOf(Buffer.from('no sound')) }]
    const refused = await node.callerVoices.save({ callerId: 'alice', name: 'A', consent: CONSENT, files })
    expect(refused).toEqual({
      refused: [expect.stringMatching(/^two\.wav is not wav, mp3, .* by its content/)],
    })
    expect(await node.callerVoices.find('alice')).toBeNull()
  })

  it('replaces a voice, and ends the clone of the old one at the vendor', async () => {
    const old = await speak('alice', 'one')
    const now = await save('alice', 'two')
    expect(now).not.toBe(old)
    expect(world.clonedVoices).toEqual([])
    expect(await node.callerVoices.clone(old)).toBeNull()
    expect(await world.log(old)).toEqual(['cloned', 'deleted'])
  })

  it('removes a voice here and at the vendor', async () => {
    await speak('alice', 'one')
    expect(await node.callerVoices.remove('alice')).toBe(true)
    expect(await node.callerVoices.remove('alice')).toBe(false)
    expect(world.clonedVoices).toEqual([])
  })

  it('spares the clone that another caller shares', async () => {
    await speak('alice', 'one')
    await save('bob', 'one')
    await node.callerVoices.remove('alice')
    expect(world.clonedVoices).toHaveLength(1)
    await node.callerVoices.remove('bob')
    expect(world.clonedVoices).toEqual([])
  })

  it('forgets the clone alone', async () => {
    const sampleKey = await speak('alice', 'one')
    expect(await node.callerVoices.forget('alice')).toBe(true)
    expect(await node.callerVoices.forget('alice')).toBe(false)
    expect(await node.callerVoices.forget('bob')).toBe(false)
    expect(world.clonedVoices).toEqual([])
    expect(await world.store.samples(sampleKey)).toHaveLength(1)
    await node.cloning.clone(sampleKey)
    expect(world.clonedVoices).toHaveLength(1)
  })

  it('has no clone to forget when it only failed', async () => {
    const sampleKey = await save('alice', 'one')
    world.vendor.failNextClones([{ status: 401 }])
    await node.cloning.clone(sampleKey)
    expect(await node.callerVoices.forget('alice')).toBe(false)
  })
})
