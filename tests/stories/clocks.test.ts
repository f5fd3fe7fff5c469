import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { clockSetting } from '../support/clock-setting.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/*
 * Nodes whose clocks are minutes and hours off. Each node looks for due timers once a second, so that a caller who has been on
 * hold for so many rounds has been looked at by both.
 */

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const CALLERS = 3
/** Of a tenth of a second each, at the speed at which stories live. */
const ROUNDS = 12

let world: World

const holdRound = async (call: StoryCall) => {
  const [row] = await world.db.query<{ round: number }>(
    `select (snapshot->'context'->'call'->>'holdRound')::int as round from call_log where id = $1`,
    [await call.id()],
  )
  return row?.round ?? 0
}

const isKeptOnHold = async (calls: StoryCall[]) => {
  for (const call of calls)
    await until('the caller is on hold for long', async () => (await holdRound(call)) >= ROUNDS)
  for (const call of calls) expect(await call.state()).toBe('hold')
}

async function callersOnHold(): Promise<StoryCall[]> {
  world.vendor.withholdClones = true
  const callers: string[] = []
  for (let i = 0; i < CALLERS; i++) callers.push(await world.newCallerWithVoice())
  const calls = callers.map((caller) => world.call(caller))
  await Promise.all(calls.map((call) => call.reaches('hold')))
  return calls
}

async function reachTheirClone(calls: StoryCall[]): Promise<void> {
  world.vendor.withholdClones = false
  for (const call of calls) {
    const { voiceId } = await call.conversation(1)
    expect(world.vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
    await call.reaches('bridged.talking')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  }
}

/** What is written down of all calls is in the order in which it happened. */
async function isInOrder(): Promise<void> {
  const backwards = await world.db.query(
    `select id from call_log where ended_at < started_at or bridged_at < started_at or ended_at < bridged_at
     union select e.call_id from call_event e join call_event f on f.call_id = e.call_id and f.seq = e.seq + 1
       where f.at < e.at`,
  )
  expect(backwards).toEqual([])
  const [{ off = true } = {}] = await world.db.query<{ off: boolean }>(
    `select bool_or(abs(extract(epoch from at - now())) > 100) as off from (
       select at from call_event union all select at from conversation_turn union all select at from voice_clone_log) as t`,
  )
  expect(off).toBe(false)
}

/** The wait of this caller is over; whichever node looks first finds it. */
const endWaitOf = async (call: StoryCall) =>
  world.db.query(
    `update call_timer set due_at = now() where call_id = $1 and timer_id like '%CLONE_MAX_WAIT%'`,
    [await call.id()],
  )

describe('Two nodes that take turns, the clock of one ahead and that of the other behind', () => {
  beforeAll(async () => {
    world = await World.begin({ loadBalancer: true, nodes: 0 })
    await world.startNode(clockSetting(5 * MINUTE_MS))
    await world.startNode(clockSetting(-5 * MINUTE_MS))
    world.sendCallsTo(world.door.origin)
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  it('give every caller the time that there is, and write down what happened when it did', async () => {
    const calls = await callersOnHold()
    await isKeptOnHold(calls)
    const [first, ...others] = calls
    if (first) await endWaitOf(first)
    await first?.reaches('bridged.talking')
    first?.hangUp()
    await first?.outcome()
    await reachTheirClone(others)
    await isInOrder()
  })
})

describe('A node whose clock is set while it runs', () => {
  beforeAll(async () => {
    world = await World.begin({ nodes: 0 })
    const node = await world.startNode(clockSetting(0, -HOUR_MS, HOUR_MS))
    world.sendCallsTo(node.origin)
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  it.each(['back by an hour', 'ahead by two'])('%s, fires its time limits as before', async () => {
    const calls = await callersOnHold()
    world.node.signal('SIGUSR2')
    await isKeptOnHold(calls)
    const [first, ...others] = calls
    if (first) await endWaitOf(first)
    await first?.reaches('bridged.talking')
    first?.hangUp()
    expect(await first?.outcome()).toBe('caller_hung_up')
    await reachTheirClone(others)
    await isInOrder()
  })
})
