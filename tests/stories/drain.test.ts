import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TimelineEvent } from '../../src/simulator/carrier/timeline.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* A node is told to stop, as every deployment does. */

async function health(node: ServiceProcess): Promise<{ code: number; status?: string }> {
  const answer = await fetch(`${node.origin}/health`)
  return { code: answer.status, status: ((await answer.json()) as { status: string }).status }
}

/** Tells the node to stop and resolves when it says so. */
async function drain(node: ServiceProcess): Promise<void> {
  node.signal('SIGTERM')
  await until('the node says that it drains', async () => (await health(node)).status === 'draining')
}

async function talking(world: World, from = world.newCaller()): Promise<StoryCall> {
  const call = world.call(from)
  await call.hasTurns(1)
  return call
}

async function hangUp(call: StoryCall): Promise<void> {
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
}

const said = (call: StoryCall) =>
  call.line.timeline.flatMap((entry) =>
    entry.type === 'verb-started' && entry.verb === 'Say' ? [entry.detail] : [],
  )

const isClosedStream = ({ type }: TimelineEvent) => type === 'stream-closed'
const isHold = (entry: TimelineEvent) =>
  entry.type === 'verb-started' && entry.verb === 'Play' && (entry.detail ?? '').includes('/audio/hold/')

describe('A node that is told to stop and has time', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true, settings: { DRAIN_SECONDS: '60' } })
  })
  afterEach(async () => {
    world.mend()
    if (await world.node.isHealthy()) return
    await world.node.exit()
    await world.node.start()
  })
  afterAll(() => world.end())

  it('takes no new call, politely, leads the live ones to their end, and goes', async () => {
    world.vendor.withholdClones = true
    const waiting = await world.call(await world.newCallerWithVoice()).reaches('hold')
    const call = await talking(world)
    await drain(world.node)
    expect(await health(world.node)).toEqual({ code: 503, status: 'draining' })

    const late = world.call(world.newCaller())
    expect(await late.outcome()).toBe('draining')
    expect(said(late)).toEqual([expect.stringMatching(/^Sorry, we cannot take your call/)])

    call.speak(1_500)
    await call.hasTurns(3)
    world.vendor.withholdClones = false
    const { voiceId } = await waiting.conversation(1)
    expect(world.vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
    await hangUp(call)
    await waiting.reaches('bridged.talking')
    expect(world.node.ended).toBeNull()
    await hangUp(waiting)
    expect(await world.node.exit()).toBe(0)
  })

  it('goes at once when nobody is on the phone', async () => {
    // The minute that it has is longer than this test may take.
    expect(await world.node.terminate()).toBe(0)
  })

  it('lets calls end though npm passes the signal of the group on once more', async () => {
    const call = await talking(world)
    world.node.signal('SIGTERM')
    await drain(world.node)
    await hangUp(call)
    expect(await world.node.exit()).toBe(0)
  })

  it('goes at once when it is told again later, and the call goes on when it is back', async () => {
    const call = await talking(world)
    await drain(world.node)
    await until('it goes, being told again', () => {
      world.node.signal('SIGTERM')
      return world.node.ended !== null
    })
    expect(world.node.ended).toBe(0)
    await world.node.start()
    const again = await call.conversation(2)
    await until('the agent is told what was said', () => again.contextualUpdates.length > 0)
    await call.reaches('bridged.talking')
    await hangUp(call)
  })
})

describe('A node that is told to stop and has a second', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true, settings: { DRAIN_SECONDS: '1' } })
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  it('goes though somebody is on the phone, whose call goes on when it is back', async () => {
    const call = await talking(world)
    const [greeting] = await call.turns()
    const told = Date.now()
    expect(await world.node.terminate()).toBe(0)
    expect(Date.now() - told).toBeGreaterThanOrEqual(1_000)
    expect(call.line.endedAt).toBeNull()
    expect((await call.sees('stream-closed')).by).toBe('service')
    // Until it is back the caller hears hold.
    const sinceClosed = () => call.line.timeline.slice(call.line.timeline.findLastIndex(isClosedStream))
    await until('hold is heard', () => sinceClosed().some(isHold))

    await world.node.start()
    const again = await call.conversation(2)
    await until('the agent is told what was said', () =>
      again.contextualUpdates.join().includes(greeting?.text ?? '?'),
    )
    await call.reaches('bridged.talking')
    await hangUp(call)
  })
})

describe('A node that is told to stop, beside one that goes on', { timeout: 90_000 }, () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true, nodes: 2, settings: { DRAIN_SECONDS: '60' } })
  })
  afterAll(() => world.end())

  it('takes a call that the load balancer still brings, which the other one goes on with', async () => {
    const [going, staying] = world.nodes as [ServiceProcess, ServiceProcess]
    world.door.nodes = [going.origin]
    const early = await talking(world)
    await drain(going)
    const late = world.call(world.newCaller())
    await late.id()
    expect(said(late)).toEqual([])
    world.door.nodes = [staying.origin]
    await late.reaches('bridged.talking')
    await hangUp(late)
    await hangUp(early)
    expect(await going.exit()).toBe(0)
  })
})
