import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* The caller puts the phone down, in every state that a call can be in. */

/** Longer than any state lasts in which a leg is waited for. */
const LONGEST_MS = 100_000
/** Longer than what a leg plays before it asks, and shorter than it is waited for. */
const OVERDUE_MS = 30_000

describe('A caller who hangs up', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin()
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  /** A call in each of the states, and why it is over when the caller hangs up there. */
  const states: [state: string, why: string, reach: () => Promise<StoryCall>][] = [
    [
      'greeting',
      'caller_hung_up',
      async () => {
        world.carrier.faults.withholdPolls = true
        const call = world.call(world.newCaller())
        await call.waitsToPoll()
        return call
      },
    ],
    [
      'hold',
      'caller_hung_up',
      async () => {
        world.vendor.withholdClones = true
        return world.call(await world.newCallerWithVoice())
      },
    ],
    [
      'joining',
      'caller_hung_up',
      async () => {
        world.carrier.faults.muteStreams = true
        const call = world.call(world.newCaller())
        await call.sees('stream-opened')
        return call
      },
    ],
    [
      'bridged.connecting',
      'caller_hung_up',
      async () => {
        world.vendor.hangSignedUrl = true
        return world.call(world.newCaller())
      },
    ],
    ['bridged.talking', 'caller_hung_up', async () => world.call(world.newCaller())],
    [
      'bridged.reconnecting',
      'caller_hung_up',
      async () => {
        const call = world.call(world.newCaller())
        await call.hasTurns(1)
        world.vendor.hangSignedUrl = true
        world.vendor.dropAgentSocket((await call.conversation(1)).conversationId)
        return call
      },
    ],
    [
      'failed',
      'agent_unreachable',
      async () => {
        world.vendor.answerHtml = 502
        const call = world.call(world.newCaller())
        await world.agentStaysAway(call)
        return call
      },
    ],
    [
      'closing',
      'operator_hung_up',
      async () => {
        world.carrier.faults.withholdPolls = true
        world.carrier.faults.refuseRest = 500
        const call = world.call(world.newCaller())
        await call.waitsToPoll()
        await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
        return call
      },
    ],
  ]

  it('before anybody answers has not called in vain: the call is over', async () => {
    const call = world.call(world.newCaller())
    await call.sees('webhook-sent')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
    expect((await call.sees('ended')).status).toBe('canceled')
  })

  it.each(states)('in %s ends the call', async (state, why, reach) => {
    const call = await (await reach()).reaches(state)
    call.hangUp()
    expect(await call.outcome()).toBe(why)
    expect((await call.sees('ended')).by).toBe('caller')
  })

  it('in any of them is missed in time, even when the carrier tells nobody', async () => {
    const calls: [state: string, why: string, call: StoryCall][] = []
    for (const [state, why, reach] of states) {
      world.carrier.faults.noStatusCallbacks = true
      const call = await (await reach()).reaches(state)
      call.hangUp()
      await call.sees('ended')
      world.mend()
      calls.push([state, why, call])
    }
    const areOver = async (some: typeof calls) =>
      (await Promise.all(some.map(([, , call]) => call.state()))).every((state) => state === 'ended')
    // Without a stream that ends, the carrier is asked about a leg that does not ask.
    await world.passTime(OVERDUE_MS)
    const waiting = calls.filter(([state]) => ['greeting', 'hold', 'joining'].includes(state))
    await until('those whose legs are overdue are over', () => areOver(waiting))
    await until('all are over', async () => {
      await world.passTime(LONGEST_MS)
      return areOver(calls)
    })
    for (const [state, why, call] of calls) expect(await call.outcome(), state).toBe(why)
  })
})

describe('Without credentials for its REST API, the carrier is told nothing, and', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ settings: { TWILIO_ACCOUNT_SID: '' } })
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  async function onHold(): Promise<StoryCall> {
    world.vendor.withholdClones = true
    return world.call(await world.newCallerWithVoice()).reaches('hold')
  }

  it('a call moves on by its next poll', async () => {
    const call = await onHold()
    world.vendor.withholdClones = false
    const { voiceId } = await call.conversation(1)
    expect(world.vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
    expect(call.line.timeline.filter(({ type }) => type === 'moved')).toEqual([])
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('a call on hold that an operator ends is hung up at its next poll', async () => {
    const call = await onHold()
    await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    expect((await call.sees('ended')).by).toBe('service')
    expect(await call.outcome()).toBe('operator_hung_up')
  })

  it('a conversation that an operator ends is hung up when its stream is closed', async () => {
    const call = world.call(world.newCaller())
    await call.hasTurns(1)
    await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    expect((await call.sees('ended')).by).toBe('service')
    expect(await call.outcome()).toBe('operator_hung_up')
  })

  it('an agent who hangs up ends the call', async () => {
    const call = world.call(world.newCaller())
    await call.hasTurns(1)
    world.vendor.closeAgent(1000, (await call.conversation(1)).conversationId)
    expect(await call.outcome()).toBe('agent_ended')
  })

  it('health says so, and calls are taken', async () => {
    const answer = await fetch(`${world.node.origin}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status: 'ok', twilio: 'no REST credentials' })
  })
})
