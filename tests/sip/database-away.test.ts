import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseGate } from '../support/database-gate.ts'
import { REAL_SERVERS, SIP_TIME_SCALE } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

/** Samples a second that a phone hears. */
const RATE = 8_000
/** What a caller takes for a pause of the music, in their own time; and what a busy machine may add. */
const LONGEST_PAUSE_SECONDS = 0.5 / SIP_TIME_SCALE
const QUIET = 20
/** Many rounds of hold music. */
const LISTENED_SECONDS = 2 / SIP_TIME_SCALE

let sip: SipWorld
let gate: DatabaseGate
beforeAll(async () => {
  sip = await SipWorld.begin({ processes: [] })
  gate = await DatabaseGate.open(sip.world.db.url)
  await sip.takesCalls(await sip.startNode({ DATABASE_URL: gate.url }))
})
afterEach(() => {
  gate.restore()
  sip.world.mend()
})
afterAll(async () => {
  gate.restore()
  await sip.end()
  await gate.close()
})

function longestSilence(heard: Int16Array): number {
  let [longest, run] = [0, 0]
  for (const sample of heard) {
    run = Math.abs(sample) < QUIET ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest / RATE
}

describe.each(['refuse', 'freeze'] as const)('While PostgreSQL is away (%s)', (fault) => {
  it('who waits hears the music go on, and is joined when it is back', async () => {
    sip.world.vendor.withholdClones = true
    const call = await sip.call({ from: await sip.world.newCallerWithVoice() }).reaches('hold')
    await call.hears('the music')
    gate[fault]()
    const from = call.line.voice.heard.length
    await until('many rounds are heard', () => call.line.voice.heard.length - from > LISTENED_SECONDS * RATE)
    expect(longestSilence(call.line.voice.heard.subarray(from))).toBeLessThan(LONGEST_PAUSE_SECONDS)
    gate.restore()
    sip.world.vendor.withholdClones = false
    await call.reaches('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('whose agent says goodbye is hung up', async () => {
    const call = await sip.call().reaches('bridged.talking')
    const { conversationId } = await call.conversation(1)
    gate[fault]()
    sip.world.vendor.closeAgent(1000, conversationId)
    expect((await call.line.ended).by).toBe('service')
    gate.restore()
    // Two processes tell of this end, each when it can: whoever is first is believed.
    expect(['agent_ended', 'caller_hung_up']).toContain(await call.outcome())
  })

  it('an INVITE is refused in time, so that a trunk tries elsewhere', async () => {
    gate[fault]()
    const call = sip.call()
    const { status, headers } = await call.line.final
    expect([status, headers.get('Retry-After')]).toEqual([503, '5'])
    gate.restore()
    const written = () =>
      sip.world.db.query<{ outcome: string | null }>(
        'select outcome from call_log where provider_call_id = $1',
        [call.sid],
      )
    await until('it keeps no place', async () => (await written()).every(({ outcome }) => outcome !== null))
    const next = await sip.call().reaches('bridged.talking')
    await next.line.bye()
    expect(await next.outcome()).toBe('caller_hung_up')
  })

  it.skipIf(REAL_SERVERS)('who hangs up is told to the call when it is back', async () => {
    const call = await sip.call().reaches('bridged.talking')
    gate[fault]()
    await call.line.bye()
    gate.restore()
    expect(await call.outcome()).toBe('caller_hung_up')
    await until(
      'no leg is registered',
      async () => (await sip.world.db.query('select 1 from sip_leg')).length === 0,
    )
  })
})

it('A node that is told to stop while PostgreSQL hangs ends its legs, and itself', async () => {
  const own = await DatabaseGate.open(sip.world.db.url)
  const [node] = sip.nodes
  expect(await node?.terminate()).toBe(0)
  const leaving = await sip.startNode({ DATABASE_URL: own.url })
  await sip.takesCalls(leaving)
  const call = await sip.call().reaches('bridged.talking')
  own.freeze()
  expect(await leaving.terminate()).toBe(0)
  await until('the phone is hung up on', () => call.line.isOver)
  await own.close()
  // The others find a leg whose process is gone, and write down that its call is over.
  await node?.start()
  expect(await call.outcome()).toBe('leg_holder_lost')
}, 90_000)
