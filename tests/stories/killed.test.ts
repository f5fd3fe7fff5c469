import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/*
 * The process is killed as kill -9 does, while a call is in each of its states, and started again on its port. Nobody
 * may notice but by a pause: whatever was answered is remembered, and whatever fell due meanwhile is done.
 */

describe('A node that is killed', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true })
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  /** Dead for as long as `meanwhile` takes, and then for as long as a start takes. */
  async function killAndRestart(meanwhile: () => Promise<void> | void = () => {}): Promise<void> {
    await world.node.kill()
    await meanwhile()
    await world.node.start()
  }

  const clonedVoices = () => [...world.vendor.voices.values()].filter((voice) => voice.category === 'cloned')

  it('while it greets somebody, bridges them when they ask', async () => {
    world.carrier.faults.withholdPolls = true
    const call = world.call(world.newCaller())
    await call.waitsToPoll()
    expect(await call.state()).toBe('greeting')
    await killAndRestart()
    world.carrier.faults.withholdPolls = false
    await call.reaches('bridged.talking')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
    expect(await call.conversations()).toHaveLength(1)
  })

  it('while a voice is cloned, finds the one that the vendor has finished meanwhile', async () => {
    world.vendor.withholdClones = true
    world.carrier.faults.withholdPolls = true
    const [requests, voices] = [world.vendor.cloneRequests, clonedVoices().length]
    const call = world.call(await world.newCallerWithVoice())
    await call.waitsToPoll()
    await until('the clone is asked for', () => world.vendor.cloneRequests === requests + 1)
    await killAndRestart(() => {
      world.vendor.withholdClones = false
    })
    world.carrier.faults.withholdPolls = false
    const conversation = await call.conversation(1)
    expect(conversation.voiceId).toBe(clonedVoices().at(-1)?.voiceId)
    expect(clonedVoices()).toHaveLength(voices + 1)
    expect(world.vendor.cloneRequests).toBe(requests + 1)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('while somebody waits on hold, asks the vendor again and deletes what that makes twice', async () => {
    world.vendor.withholdClones = true
    const call = world.call(await world.newCallerWithVoice())
    await call.reaches('hold')
    world.carrier.faults.withholdPolls = true
    await call.waitsToPoll()
    const requests = world.vendor.cloneRequests
    await killAndRestart()
    await until('a second clone is asked for', () => world.vendor.cloneRequests === requests + 1)
    world.carrier.faults.withholdPolls = false
    world.vendor.withholdClones = false
    const { voiceId } = await call.conversation(1)
    expect(clonedVoices().map((voice) => voice.voiceId)).toContain(voiceId)
    // The vendor may still be at work on what it was asked by the dead: it is looked through a quarter of an hour later.
    await world.passTime(16 * 60_000)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('while somebody waits longer than they should, gives them the default voice when it is back', async () => {
    world.vendor.hangClone = true
    const call = world.call(await world.newCallerWithVoice())
    await call.reaches('hold')
    await killAndRestart(() => world.passTime(36_000))
    const { voiceId } = await call.conversation(1)
    expect(clonedVoices().map((voice) => voice.voiceId)).not.toContain(voiceId)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
    expect(await world.db.query("select 1 from voice_clone_log where result = 'timed_out'")).toHaveLength(1)
  })

  it('while somebody is moved to the agent, moves them with their next question', async () => {
    world.vendor.withholdClones = true
    world.carrier.faults.refuseRest = 500
    const call = world.call(await world.newCallerWithVoice())
    await call.reaches('hold')
    world.carrier.faults.withholdPolls = true
    world.vendor.withholdClones = false
    await call.reaches('joining')
    await killAndRestart()
    world.carrier.faults.refuseRest = null
    world.carrier.faults.withholdPolls = false
    await call.reaches('bridged.talking')
    expect(await call.conversations()).toHaveLength(1)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('while the agent is being reached, bridges the call again and reaches it', async () => {
    world.vendor.hangSignedUrl = true
    const call = world.call(world.newCaller())
    await call.reaches('bridged.connecting')
    await killAndRestart(() => {
      world.vendor.hangSignedUrl = false
    })
    await call.reaches('bridged.talking')
    expect(await call.conversations()).toHaveLength(1)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('in the middle of a conversation, bridges it again, and the agent is told what was said', async () => {
    const call = world.call(world.newCaller())
    const [greeting] = await call.hasTurns(1)
    await killAndRestart()
    const again = await call.conversation(2)
    await until('the agent is told what was said', () =>
      again.contextualUpdates.join().includes(greeting?.text ?? '?'),
    )
    await call.reaches('bridged.talking')
    expect((await call.conversation(1)).closeCode).toBe(1006)
    expect(await call.conversations()).toHaveLength(2)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('while a lost agent is being reached again, goes on reaching for it', async () => {
    const call = world.call(world.newCaller())
    const [greeting] = await call.hasTurns(1)
    world.vendor.hangSignedUrl = true
    world.vendor.dropAgentSocket((await call.conversation(1)).conversationId)
    await call.reaches('bridged.reconnecting')
    await killAndRestart(() => {
      world.vendor.hangSignedUrl = false
    })
    const again = await call.conversation(2)
    await until('the agent is told what was said', () =>
      again.contextualUpdates.join().includes(greeting?.text ?? '?'),
    )
    await call.reaches('bridged.talking')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('while it apologizes, still knows why the call ended', async () => {
    world.vendor.answerHtml = 502
    const call = world.call(world.newCaller())
    await world.agentStaysAway(call)
    await call.reaches('failed')
    await killAndRestart()
    expect(await call.outcome()).toBe('agent_unreachable')
  })

  it('while it apologizes to a carrier that tells nothing, ends the call when its time is up', async () => {
    world.vendor.answerHtml = 502
    world.carrier.faults.noStatusCallbacks = true
    const call = world.call(world.newCaller())
    await world.agentStaysAway(call)
    await call.reaches('failed')
    await call.sees('ended')
    await killAndRestart(() => world.passTime(30_000))
    expect(await call.outcome()).toBe('agent_unreachable')
  })

  it('while it hangs up, hangs up', async () => {
    world.carrier.faults.withholdPolls = true
    world.carrier.faults.refuseRest = 500
    const call = world.call(world.newCaller())
    await call.waitsToPoll()
    const hangUp = await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    expect(hangUp.status).toBe(202)
    await call.reaches('closing')
    await killAndRestart(() => {
      world.carrier.faults.refuseRest = null
    })
    expect((await call.sees('ended')).by).toBe('service')
    expect(await call.outcome()).toBe('operator_hung_up')
  })
})
