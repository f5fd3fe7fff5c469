import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { ALICE, World } from '../support/world.ts'

/*
 * Two processes on one database behind a load balancer that sends every request to the next: no node may know anything
 * of a call that the other does not.
 */

describe('Two nodes that take turns', () => {
  let world: World
  let [left, right]: ServiceProcess[] = []
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true, nodes: 2 })
    ;[left, right] = world.nodes
  })
  afterEach(() => {
    world.mend()
    world.door.nodes = world.nodes.map((node) => node.origin)
  })
  afterAll(() => world.end())

  /** A call whose stream is on the left node, and whose further requests go to the right one. */
  async function bridgedAtLeft(from = world.newCaller()) {
    world.door.nodes = [left?.origin ?? '']
    const call = world.call(from)
    await call.hasTurns(1)
    world.door.nodes = [right?.origin ?? '']
    return call
  }

  it('lead a caller from the greeting to the agent and to the end', async () => {
    await world.giveVoice(ALICE)
    const call = world.call(ALICE)
    const { voiceId } = await call.conversation(1)
    expect(world.vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
    call.speak(1_500)
    await call.hasTurns(3)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('clone once for all who wait for the same voice', async () => {
    world.vendor.withholdClones = true
    const requests = world.vendor.cloneRequests
    const caller = await world.newCallerWithVoice()
    const calls = Array.from({ length: 6 }, () => world.call(caller))
    await Promise.all(calls.map((call) => call.reaches('hold')))
    world.vendor.withholdClones = false
    const conversations = await Promise.all(calls.map((call) => call.conversation(1)))
    expect(new Set(conversations.map(({ voiceId }) => voiceId)).size).toBe(1)
    expect(world.vendor.cloneRequests).toBe(requests + 1)
    for (const call of calls) call.hangUp()
    await Promise.all(calls.map((call) => call.outcome()))
  })

  it('answer a repeated webhook alike, whichever of them it comes to, and start nothing twice', async () => {
    const requests = world.vendor.cloneRequests
    world.carrier.faults.repeatWebhooks = true
    const calls = [world.newCaller(), await world.newCallerWithVoice()].map((caller) => world.call(caller))
    for (const call of calls) {
      await call.reaches('bridged.talking')
      expect(await call.conversations()).toHaveLength(1)
      call.hangUp()
      expect(await call.outcome()).toBe('caller_hung_up')
    }
    expect(world.vendor.cloneRequests).toBe(requests + 1)
  })

  it('end by one node a bridge that the other one holds', async () => {
    const call = await bridgedAtLeft()
    const answer = await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' }, right)
    expect(answer.status).toBe(202)
    expect((await call.sees('ended')).by).toBe('service')
    expect(await call.outcome()).toBe('operator_hung_up')
    const again = await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' }, left)
    expect(again.status).toBe(409)
  })

  it('show by one node, as it happens, a call that the other one holds', async () => {
    const call = await bridgedAtLeft()
    const stream = await world.admin(`/calls/${await call.id()}/events?follow`, {}, right)
    const lines: string[] = []
    const followed = (async () => {
      for await (const chunk of stream.body ?? []) lines.push(Buffer.from(chunk).toString())
    })()
    await until('what was is shown', () => lines.join('').includes('bridged.talking'))
    call.hangUp()
    await followed
    expect(lines.join('')).toContain('"stateAfter":"ended"')
    await call.outcome()
  })

  it('go on by one node with a call that the other one held when it was killed', async () => {
    const call = await bridgedAtLeft()
    const [greeting] = await call.hasTurns(1)
    await left?.kill()
    const again = await call.conversation(2)
    await until('the agent is told', () => again.contextualUpdates.join().includes(greeting?.text ?? '?'))
    await call.reaches('bridged.talking')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
    await left?.start()
  })

  it('take over by one node the clone that the other one was making when it was killed', async () => {
    world.vendor.withholdClones = true
    const requests = world.vendor.cloneRequests
    const call = world.call(await world.newCallerWithVoice())
    await call.reaches('hold')
    await until('the clone is asked for', () => world.vendor.cloneRequests === requests + 1)
    const maker = await nodeThatClones()
    await maker.kill()
    await until('the other one asks again', () => world.vendor.cloneRequests === requests + 2)
    world.vendor.withholdClones = false
    const { voiceId } = await call.conversation(1)
    expect(world.vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
    await maker.start()
    // The vendor has finished both by now; it is looked through a quarter of an hour later.
    await world.passTime(16 * 60_000)
  })

  /** Nodes do not say what they are called; the last to answer a call is written into its row. */
  async function nodeThatClones(): Promise<ServiceProcess> {
    const { line } = await bridgedAtLeft()
    const [found] = await world.db.query<{ isLeft: boolean }>(
      `select n.id = (select node_id from call_log where provider_call_id = $1) as "isLeft"
       from graphile_worker._private_jobs j join service_node n on j.locked_by = any(n.worker_ids)`,
      [line.sid],
    )
    if (!found || !left || !right) throw new Error('Nobody is making a clone.')
    line.hangUp()
    // The door must not go on sending everything to a node that is about to be killed.
    world.door.nodes = world.nodes.map((node) => node.origin)
    return found.isLeft ? left : right
  }
})

describe('Two nodes that start at once on an empty database', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ nodes: 0 })
    await world.db.query(
      'drop schema public cascade; drop schema graphile_worker cascade; create schema public',
    )
  })
  afterAll(() => world.end())

  it('both come up, and take calls', async () => {
    const nodes = await Promise.all([world.startNode(), world.startNode()])
    for (const node of nodes) {
      world.sendCallsTo(node.origin)
      const call = world.call()
      await call.reaches('bridged.talking')
      call.hangUp()
      expect(await call.outcome()).toBe('caller_hung_up')
    }
  })
})
