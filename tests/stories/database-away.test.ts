import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { DatabaseGate } from '../support/database-gate.ts'
import type { StoryCall } from '../support/story-call.ts'
import { World } from '../support/world.ts'

const PLACES = 3

let world: World
let gate: DatabaseGate

beforeAll(async () => {
  world = await World.begin({ nodes: 0, settings: { MAX_CONCURRENT_CALLS: `${PLACES}` } })
  gate = await DatabaseGate.open(world.db.url)
  world.sendCallsTo((await world.startNode({ DATABASE_URL: gate.url })).origin)
})
afterAll(async () => {
  gate.restore()
  await world.end()
  await gate.close()
})

afterEach(() => {
  gate.restore()
  world.mend()
})

const rowsOf = (call: StoryCall) =>
  world.db.query<{ outcome: string | null }>('select outcome from call_log where provider_call_id = $1', [
    call.sid,
  ])

test('callers who hang up while the database is away leave their places to others', async () => {
  world.vendor.withholdClones = true
  const callers = await Promise.all(Array.from({ length: PLACES }, () => world.newCallerWithVoice()))
  const waiting = callers.map((from) => world.call(from))
  for (const call of waiting) await call.reaches('hold')
  gate.refuse()
  for (const call of waiting) call.hangUp()
  for (const call of waiting) {
    const told = await call.sees('webhook-answered', ({ url }) => url.endsWith('/call-status'))
    expect(told.status).toBe(204)
  }
  gate.restore()
  for (const call of waiting) expect(await call.outcome()).toBe('caller_hung_up')
  world.vendor.withholdClones = false
  const next = world.call(world.newCaller())
  await next.reaches('bridged.talking')
  next.hangUp()
  expect(await next.outcome()).toBe('caller_hung_up')
})

test('who talks when the database goes away and hangs up meanwhile leaves their place, too', async () => {
  const talking = world.call(world.newCaller())
  await talking.reaches('bridged.talking')
  world.carrier.faults.noStatusCallbacks = true
  gate.refuse()
  talking.hangUp()
  await talking.sees('ended')
  gate.restore()
  // The relay has told what the carrier has not: a report of the end is awaited, and not for hours.
  await talking.reaches('departing')
  await world.passTime(15_000)
  expect(await talking.outcome()).toBe('caller_hung_up')
})

test.each(['refuse', 'freeze'] as const)(
  'whose agent says goodbye while the database is away (%s) is hung up',
  async (fault) => {
    const call = world.call(world.newCaller())
    await call.reaches('bridged.talking')
    const { conversationId } = await call.conversation(1)
    gate[fault]()
    world.vendor.closeAgent(1000, conversationId)
    await call.sees('ended')
    gate.restore()
    // Two processes tell of this end, each when it can: whoever is first is believed.
    expect(['agent_ended', 'caller_hung_up']).toContain(await call.outcome())
  },
)

test('while the database hangs, a caller is greeted and hears music, and their call is written once', async () => {
  gate.freeze()
  const call = world.call(world.newCaller())
  const first = await call.sees('twiml-received')
  expect(first.verbs).toEqual(['Play', 'Play', 'Redirect'])
  await call.sees('twiml-received', ({ url }) => url.includes('waits=2'))
  expect(await rowsOf(call)).toEqual([])
  gate.restore()
  await call.reaches('bridged.talking')
  expect(await rowsOf(call)).toHaveLength(1)
  const plays = call.line.timeline.filter(
    (entry) => entry.type === 'verb-started' && entry.detail.includes('/greeting/'),
  )
  expect(plays).toHaveLength(1)
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
})

test('who hangs up while their call cannot even be written down keeps no place', async () => {
  gate.freeze()
  const call = world.call(world.newCaller())
  await call.sees('twiml-received')
  call.hangUp()
  await call.sees('webhook-answered', ({ url, status }) => url.endsWith('/call-status') && status === 204)
  gate.restore()
  expect(await call.outcome()).toBe('caller_hung_up')
  const places = await Promise.all(Array.from({ length: PLACES }, () => world.call(world.newCaller())))
  for (const place of places) await place.reaches('bridged.talking')
  for (const place of places) place.hangUp()
  for (const place of places) expect(await place.outcome()).toBe('caller_hung_up')
})

test.each(['', 'anonymous', `sip:${'x'.repeat(317)}`])('a call from %j is taken', async (from) => {
  const call = world.call(from)
  await call.reaches('bridged.talking')
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
})

test('a number that is set to GET takes calls', async () => {
  world.carrier.number.voiceMethod = 'GET'
  world.carrier.number.statusCallbackMethod = 'GET'
  const call = world.call(world.newCaller())
  await call.reaches('bridged.talking')
  expect(call.line.timeline.find(({ type }) => type === 'webhook-sent')).toMatchObject({ method: 'GET' })
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
})
