import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { TIME_OUT_MS } from '../../src/persistence/heartbeat.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/*
 * Two nodes behind a load balancer, and trouble between one of them and PostgreSQL, or with its very process. Whoever talks
 * goes on talking, whoever cannot is helped by the other node, and all comes back by itself.
 */

/** Longer than a node may be silent before the others ask for it, and they before they judge. */
const LONG_MS = 30_000

type Health = { status: string; database: string; node: string }

async function health(node: ServiceProcess): Promise<Health> {
  const answer = await fetch(`${node.origin}/health`, { signal: AbortSignal.timeout(15_000) })
  return (await answer.json()) as Health
}

const says = (node: ServiceProcess, status: string) =>
  until(
    `${node.origin} says ${status}`,
    async () => (await health(node)).status === status,
    async () => JSON.stringify(await health(node)),
    LONG_MS,
  )

const logs = (node: ServiceProcess, words: string) =>
  until(
    `${node.origin} logs: ${words}`,
    () => node.output.includes(words),
    () => node.output.slice(-2_000),
    LONG_MS,
  )

describe('A node that has trouble, beside one that has none', { timeout: 90_000 }, () => {
  let world: World
  let [left, right]: ServiceProcess[] = []
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true, nodes: 2, databaseGates: true })
    ;[left, right] = world.nodes
  })
  afterEach(async () => {
    world.mend()
    world.door.nodes = world.nodes.map((node) => node.origin)
    for (const node of world.nodes) await says(node, 'ok')
  })
  afterAll(() => world.end())

  const both = () => {
    if (!left || !right) throw new Error('There are two nodes.')
    return { left, right, gate: world.gateOf(left) }
  }

  /** Calls whose streams are on the left node, and whose further requests go to the right one. */
  async function talkingAtLeft(count = 1): Promise<StoryCall[]> {
    world.door.nodes = [both().left.origin]
    const calls = Array.from({ length: count }, () => world.call(world.newCaller()))
    for (const call of calls) await call.hasTurns(1)
    world.door.nodes = [both().right.origin]
    return calls
  }

  async function goesOn(call: StoryCall): Promise<void> {
    const turns = (await call.turns()).length
    call.speak(1_500)
    await call.hasTurns(turns + 1)
    expect(await call.conversations()).toHaveLength(1)
  }

  async function hangUp(calls: StoryCall[]): Promise<void> {
    for (const call of calls) call.hangUp()
    for (const call of calls) expect(await call.outcome()).toBe('caller_hung_up')
  }

  /** What the other node says to a call must be heard by the one that holds its stream: the carrier cannot be told here. */
  async function endByRight(calls: StoryCall[]): Promise<void> {
    world.carrier.faults.refuseRest = 500
    for (const call of calls) {
      await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' }, right)
      expect((await call.sees('stream-closed')).by).toBe('service')
      expect(await call.outcome()).toBe('operator_hung_up')
    }
    world.carrier.faults.refuseRest = null
  }

  /** For how long the node had been silent when this call was led away from it, by the database's clock; in milliseconds. */
  async function silenceBeforeLed(call: StoryCall): Promise<number> {
    const [silence] = await world.db.query<{ ms: number }>(
      `select extract(epoch from e.at - n.heartbeat_at)::float8 * 1000 as ms
       from call_event e, call_event j join service_node n on n.id::text = j.event->>'node'
       where e.call_id = $1 and j.call_id = e.call_id and e.type = 'relay.unresponsive' and j.type = 'media.joined'
       order by e.seq, j.seq limit 1`,
      [await call.id()],
    )
    return silence?.ms ?? 0
  }

  const registered = async () => (await world.db.query<{ id: string }>('select id from service_node')).length

  it('is left with its conversations while PostgreSQL refuses it, and takes its place again', async () => {
    const { left, right, gate } = both()
    const calls = await talkingAtLeft(2)
    gate.refuse()
    await says(left, 'database unreachable')
    await logs(right, 'does not reach the database, but it answers')
    for (const call of calls) expect(call.line.endedAt).toBeNull()
    gate.restore()
    await says(left, 'ok')
    expect((await health(left)).node).toMatch(/^was out of touch for \d+ s/)
    for (const call of calls) await goesOn(call)
    expect(await registered()).toBe(2)
    await hangUp(calls)
  })

  it('is given up by nobody when its place is gone, and takes it again', async () => {
    const { left } = both()
    const calls = await talkingAtLeft()
    await world.db.query('delete from service_node')
    await until('both are there again', async () => (await registered()) === 2)
    await logs(left, 'takes its place again')
    for (const call of calls) await goesOn(call)
    await hangUp(calls)
  })

  it('notices that PostgreSQL has ended the session by which it hears, though the socket is open', async () => {
    const { left, gate } = both()
    const calls = await talkingAtLeft()
    const isListener = (name: string) => name.startsWith('precall node ')
    gate.hideEnds(isListener)
    await world.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'precall node %'
       and datname = current_database()`,
    )
    await says(left, 'deaf')
    await says(left, 'ok')
    await endByRight(calls)
  })

  it('notices connections that swallow everything, and makes new ones', async () => {
    const { left, gate } = both()
    const calls = await talkingAtLeft()
    gate.swallow()
    await says(left, 'database unreachable')
    gate.restore()
    await says(left, 'ok')
    for (const call of calls) await goesOn(call)
    await endByRight(calls)
    world.door.nodes = [left.origin]
    const next = world.call(world.newCaller())
    await next.hasTurns(1)
    await hangUp([next])
  })

  it('loses its calls to the other node when it hangs, and lets go of them when it wakes', async () => {
    const { left, right } = both()
    const calls = await talkingAtLeft(3)
    left.signal('SIGSTOP')
    try {
      await logs(right, 'answers nobody')
      for (const call of calls) await call.conversation(2)
      for (const call of calls) await call.reaches('bridged.talking')
      for (const call of calls) expect(await silenceBeforeLed(call)).toBeGreaterThanOrEqual(TIME_OUT_MS)
    } finally {
      left.signal('SIGCONT')
    }
    await says(left, 'ok')
    for (const call of calls) {
      const [first] = await call.conversations()
      await until(
        'the old agent is let go',
        () => first?.closeCode !== null && first?.closeCode !== undefined,
      )
      expect(await call.conversations()).toHaveLength(2)
    }
    expect(await registered()).toBe(2)
    await hangUp(calls)
  })

  it('leaves nobody in silence whose agent had said goodbye when it hung', async () => {
    const { left, right } = both()
    const [call] = (await talkingAtLeft(1)) as [StoryCall]
    const conversation = await call.conversation(1)
    const word = speak(DEMO_SCRIPT.firstMessage)
    await until('all of its word is sent', () => conversation.audioBytesSent >= word.length)
    world.vendor.closeAgent(1000, conversation.conversationId)
    await call.reaches('closing')
    left.signal('SIGSTOP')
    try {
      await logs(right, 'answers nobody')
      // The farewell of half a minute is not waited for.
      expect(await call.outcome()).toBe('agent_ended')
    } finally {
      left.signal('SIGCONT')
    }
    await says(left, 'ok')
  })
})

describe('Two nodes whose places are all taken', { timeout: 90_000 }, () => {
  let world: World
  beforeAll(async () => {
    const settings = { MAX_CONCURRENT_CALLS: '4' }
    world = await World.begin({ loadBalancer: true, nodes: 2, databaseGates: true, settings })
  })
  afterAll(() => world.end())

  it('have them free again when everybody hung up while the database was away', async () => {
    const calls = Array.from({ length: 4 }, () => world.call(world.newCaller()))
    for (const call of calls) await call.hasTurns(1)
    for (const node of world.nodes) world.gateOf(node).refuse()
    for (const node of world.nodes) await says(node, 'database unreachable')
    for (const call of calls) call.hangUp()
    for (const call of calls) await call.sees('ended')
    // Everything that there is to tell of it has met the closed door.
    const couldNotTell = () =>
      world.nodes.some(({ output }) => /report could not be written|not reach its call/.test(output))
    await until('a node cannot tell a call', couldNotTell)
    for (const node of world.nodes) world.gateOf(node).restore()
    for (const call of calls) expect(await call.outcome()).toBe('caller_hung_up')
    for (const node of world.nodes) await says(node, 'ok')
    const next = world.call(world.newCaller())
    await next.hasTurns(1)
    next.hangUp()
    expect(await next.outcome()).toBe('caller_hung_up')
  })
})

describe('A database that takes no writes', { timeout: 60_000 }, () => {
  let world: World
  let server: pg.Client
  beforeAll(async () => {
    world = await World.begin({ databaseGates: true })
    server = new pg.Client({ connectionString: inject('postgresUrl') })
    await server.connect()
  })
  afterAll(async () => {
    await world.end()
    await server.end()
  })

  /** As after a failover to a standby: sessions break, and new ones may only read. */
  async function setReadOnly(value: boolean): Promise<void> {
    const name = new URL(world.db.url).pathname.slice(1)
    await server.query(`alter database ${name} set default_transaction_read_only = ${value}`)
    world.gateOf(world.node).cut()
  }

  it('is told by /health until it takes them again', async () => {
    await setReadOnly(true)
    await says(world.node, 'database takes no writes')
    expect((await health(world.node)).database).toBe('read-only')
    await setReadOnly(false)
    await says(world.node, 'ok')
    const call = world.call(world.newCaller())
    await call.hasTurns(1)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
