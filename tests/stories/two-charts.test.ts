import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { twilioSignature } from '../../src/simulator/carrier/signature.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { SourceTree } from '../support/source-tree.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* A release whose chart renames a state is rolled out node by node, and nobody wrote an upgrade. */

/** What the state `hold` is called in the new release. */
const RENAMED = 'waiting'

async function renameHold(tree: SourceTree): Promise<void> {
  await tree.replace('machines/instructions.ts', /^ {2}'hold',$/gm, `  '${RENAMED}',`)
  await tree.replace('machines/instructions.ts', "case 'hold':", `case '${RENAMED}':`)
  await tree.replace('machines/call/call.machine.ts', "target: 'hold'", `target: '${RENAMED}'`)
  await tree.replace('machines/call/call.machine.ts', /^ {4}hold: \{$/gm, `    ${RENAMED}: {`)
}

const spoken = (call: StoryCall) =>
  call.line.timeline.flatMap((entry) =>
    entry.type === 'verb-started' && entry.verb === 'Say' ? [entry.detail] : [],
  )
const roundsOfHold = (call: StoryCall) =>
  call.line.timeline.filter(
    (entry) =>
      entry.type === 'verb-started' && entry.verb === 'Play' && entry.detail.includes('/audio/hold/'),
  ).length

async function hangUp(call: StoryCall): Promise<void> {
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
}

describe('Two charts at once', { timeout: 120_000 }, () => {
  let world: World
  let tree: SourceTree
  let first: ServiceProcess
  let second: ServiceProcess
  /** Who have not called yet, and wait for their voice when they do. */
  const callers: string[] = []

  beforeAll(async () => {
    tree = await SourceTree.copy()
    await renameHold(tree)
    world = await World.begin({
      loadBalancer: true,
      nodes: 2,
      settings: { POLL_INTERVAL_SECONDS: '1', CLONE_MAX_WAIT_SECONDS: '300' },
    })
    ;[first, second] = world.nodes as [ServiceProcess, ServiceProcess]
    for (let count = 0; count < 5; count++) callers.push(await world.newCallerWithVoice())
  }, 120_000)
  afterAll(async () => {
    await world.end().finally(() => tree.remove())
  })

  const newNode = () => world.startNode({}, tree.path('src/main.ts'))

  function callerWhoWaits(...origins: string[]): StoryCall {
    world.door.nodes = origins
    return world.call(callers.pop())
  }

  async function hearsHold(call: StoryCall, rounds: number): Promise<void> {
    const heard = roundsOfHold(call)
    await until(`the caller hears ${rounds} more rounds of hold`, () => roundsOfHold(call) >= heard + rounds)
    expect(call.line.endedAt).toBeNull()
  }

  async function askOnceMore(call: StoryCall): Promise<string> {
    const url = `${world.door.origin}/webhooks/status-callback`
    const { sid, from, to } = call.line
    const form = { CallSid: sid, AccountSid: world.carrier.accountSid, From: from, To: to }
    const answer = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: {
        'X-Twilio-Signature': twilioSignature(world.authToken, url, form),
        'I-Twilio-Idempotency-Token': randomUUID(),
      },
    })
    return answer.text()
  }

  const endOf = async (call: StoryCall) =>
    (
      await world.db.query<{ endedAt: Date; seq: number; outcome: string }>(
        'select ended_at as "endedAt", last_seq as seq, outcome from call_log where id = $1',
        [await call.id()],
      )
    )[0]

  it('lead every caller on, whichever of them is asked', async () => {
    const { vendor, door, carrier } = world
    vendor.withholdClones = true
    const ofOld = callerWhoWaits(first.origin, second.origin)
    await ofOld.reaches('hold')
    const gone = callerWhoWaits(first.origin, second.origin)
    await gone.reaches('hold')
    door.nodes = [first.origin]
    const talking = await world.call(world.newCaller()).reaches('bridged.talking')
    carrier.faults.withholdPolls = true
    const greeted = callerWhoWaits(first.origin, second.origin)
    await greeted.reaches('greeting')
    await greeted.waitsToPoll()

    const fresh = await newNode()
    expect(await first.terminate()).toBe(0)
    carrier.faults.withholdPolls = false
    door.nodes = [fresh.origin]
    // More often than a leg is kept waiting for a database that is away.
    await hearsHold(ofOld, 20)
    await hearsHold(greeted, 3)
    await talking.conversation(2)
    await talking.reaches('bridged.talking')
    expect(spoken(talking).join()).not.toContain('sorry')
    await hangUp(talking)

    const ofNew = callerWhoWaits(fresh.origin)
    await ofNew.reaches(RENAMED)
    door.nodes = [second.origin]
    await hearsHold(ofNew, 20)
    await hangUp(gone)
    const ended = await endOf(gone)
    for (const node of [second, fresh]) {
      door.nodes = [node.origin]
      expect(await askOnceMore(gone)).toContain('<Hangup/>')
    }
    expect(await endOf(gone)).toEqual(ended)

    door.nodes = [second.origin, fresh.origin]
    vendor.withholdClones = false
    for (const call of [ofOld, greeted, ofNew]) {
      await call.reaches('bridged.talking')
      const { voiceId } = await call.conversation(1)
      expect(vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
      expect(spoken(call).join()).not.toContain('sorry')
      await hangUp(call)
    }
  })

  it('are one again when nobody is left who knows the old one, whose callers hear an apology', async () => {
    const { vendor, door } = world
    const [, , fresh] = world.nodes as [unknown, unknown, ServiceProcess]
    vendor.withholdClones = true
    const lost = callerWhoWaits(second.origin)
    await lost.reaches('hold')
    const talking = await world.call(world.newCaller()).reaches('bridged.talking')
    door.nodes = [fresh.origin]
    await hearsHold(lost, 3)
    const last = await newNode()
    await second.kill()
    door.nodes = [fresh.origin, last.origin]
    expect(await lost.outcome()).toBe('chart_retired')
    expect(spoken(lost).filter((text) => text.startsWith('I am sorry'))).toHaveLength(1)
    expect(await askOnceMore(lost)).toContain('<Hangup/>')
    vendor.withholdClones = false

    await talking.conversation(2)
    await talking.reaches('bridged.talking')
    expect(spoken(talking).join()).not.toContain('sorry')
    await hangUp(talking)
    const waiting = () =>
      world.db.query(`select * from graphile_worker.jobs where starts_with(task_identifier, 'deliver-event')`)
    await until(
      'no event waits for the old release',
      async () => (await waiting()).length === 0,
      async () => JSON.stringify(await waiting()),
    )
    // The clone that the dead node was waiting for is made twice; the vendor is looked through later.
    await until('the clone is made', async () => {
      const cloning = await world.db.query(`select 1 from voice_clone_cache where status = 'cloning'`)
      return cloning.length === 0
    })
    await world.passTime(16 * 60_000)
  })
})
