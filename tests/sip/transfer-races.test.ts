import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AnsweringPhone, IncomingCall } from '../support/simulated-sip/phone/incoming-call.ts'
import { loudest, type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

const COLLEAGUE = '+15550142999'
const SETTINGS = { SIP_TRUNKS: '127.0.0.1/32', SIP_TRANSFER_NUMBERS: COLLEAGUE }

type Told = { type: string; to?: string; status?: number; reason?: string }

/** A call that talks to the agent, and a colleague's phone that rings for it. */
async function ringing(sip: SipWorld, colleague: AnsweringPhone) {
  colleague.picksUp = false
  const call = await sip.call().reaches('bridged.talking')
  const next = colleague.nextCall()
  expect((await call.line.refer(`sip:${COLLEAGUE}@${colleague.address}`)).status).toBe(202)
  return { call, theirs: await next }
}

/** What was said to the call about transfers, without its numbers. */
async function transfersOf(sip: SipWorld, call: SipStoryCall): Promise<Told[]> {
  const rows = await sip.world.db.query<{ event: Told }>(
    `select event from call_event where call_id = $1 and type like 'transfer.%' order by seq`,
    [await call.id()],
  )
  return rows.map(({ event: { type, to, status, reason } }) => ({
    type,
    ...(to && { to }),
    ...(status && { status }),
    ...(reason && { reason }),
  }))
}

async function recordOf(sip: SipWorld, call: SipStoryCall) {
  const [row] = await sip.world.db.query<{ to: string | null; outcome: string | null }>(
    `select snapshot #>> '{context,transfer,transferTo}' as to,
            snapshot #>> '{context,transfer,transferOutcome}' as outcome from call_log where id = $1`,
    [await call.id()],
  )
  return row
}

const REQUESTED = { type: 'transfer.requested', to: COLLEAGUE }

const lastSipfrag = (call: SipStoryCall) =>
  call.line.requests.findLast(({ method }) => method === 'NOTIFY')?.body.trim()

describe('While the phone of a colleague rings who is to have a call', () => {
  let sip: SipWorld
  let colleague: AnsweringPhone
  beforeAll(async () => {
    sip = await SipWorld.begin({ settings: SETTINGS, databaseGates: true })
    colleague = sip.servers.phone.answering()
  })
  afterEach(() => sip.world.mend())
  afterAll(() => sip.end())

  const isLeftAlone = async (theirs: IncomingCall) => {
    await theirs.cancelled
    expect(theirs.isOver).toBe(true)
  }

  it('the caller talks on, and whom it is for is written down', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    expect(await recordOf(sip, call)).toEqual({ to: COLLEAGUE, outcome: null })
    expect(await call.state()).toBe('bridged.talking')
    theirs.answer()
    await call.line.ended
    expect(await recordOf(sip, call)).toEqual({ to: COLLEAGUE, outcome: 'completed' })
    expect(await transfersOf(sip, call)).toEqual([REQUESTED, { type: 'transfer.completed' }])
    await theirs.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('another transfer has to wait', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    expect((await call.line.refer(`sip:${COLLEAGUE}@${colleague.address}`)).status).toBe(491)
    await until('the refusal is written down', async () => (await transfersOf(sip, call)).length === 2)
    theirs.refuse(486)
    await until('the PBX is told', () => lastSipfrag(call)?.includes('486'))
    const refused = { type: 'transfer.refused', to: COLLEAGUE, status: 491, reason: 'transfer_running' }
    const failed = { type: 'transfer.failed', status: 486, reason: 'busy' }
    expect(await transfersOf(sip, call)).toEqual([REQUESTED, refused, failed])
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('they are left in peace when the caller hangs up', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    await call.line.bye()
    await isLeftAlone(theirs)
    expect(await call.outcome()).toBe('caller_hung_up')
    expect(await recordOf(sip, call)).toEqual({ to: COLLEAGUE, outcome: 'abandoned' })
  })

  it('they are left in peace after three quarters of a minute, and the caller talks on', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    await sip.world.db.query(
      `update call_timer set due_at = now() where call_id = $1 and timer_id like '%TRANSFER_RINGING%'`,
      [await call.id()],
    )
    await isLeftAlone(theirs)
    await until('the PBX is told', () => lastSipfrag(call)?.includes('487'))
    expect(await recordOf(sip, call)).toEqual({ to: COLLEAGUE, outcome: 'no_answer' })
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('nobody is left on the line when the caller hangs up as they answer', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    theirs.answer()
    await call.line.bye()
    await until('they are hung up on', () => theirs.isOver)
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('they may change the session as soon as they have answered', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    theirs.answer()
    const { status } = await theirs.reInvite()
    if (status === 491) {
      await call.line.ended
      expect((await theirs.reInvite()).status).toBe(200)
    } else expect(status).toBe(200)
    await until('they hear the agent', () => loudest(theirs.voice.heard) > 500, undefined, 30_000)
    await theirs.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('they talk to the agent while the database is away, and have the call when it is back', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    sip.world.gateOf(sip.world.node).refuse()
    theirs.answer()
    theirs.voice.press('5#')
    await until('they hear the agent', () => loudest(theirs.voice.heard) > 500, undefined, 30_000)
    expect((await call.line.reInvite()).status).toBe(491)
    expect(call.line.isOver).toBe(false)
    sip.world.gateOf(sip.world.node).restore()
    await call.line.ended
    expect(await recordOf(sip, call)).toEqual({ to: COLLEAGUE, outcome: 'completed' })
    await theirs.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('a transfer is refused while it cannot be written down', async () => {
    const call = await sip.call().reaches('bridged.talking')
    sip.world.gateOf(sip.world.node).refuse()
    const { status, headers } = await call.line.refer(`sip:${COLLEAGUE}@${colleague.address}`)
    expect([status, headers.get('Retry-After')]).toEqual([503, '5'])
    const called = colleague.calls.length
    sip.world.gateOf(sip.world.node).restore()
    await until('it is written down', async () => (await transfersOf(sip, call)).length > 0)
    const refused = { type: 'transfer.refused', to: COLLEAGUE, status: 503, reason: 'unavailable' }
    expect(await transfersOf(sip, call)).toContainEqual(refused)
    expect(colleague.calls).toHaveLength(called)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('A colleague who is to have a call whose process is killed', () => {
  let sip: SipWorld
  let colleague: AnsweringPhone
  beforeAll(async () => {
    const processes = [{ ROLES: 'web,media,worker' }, { ROLES: 'sip' }]
    sip = await SipWorld.begin({ settings: SETTINGS, processes })
    colleague = sip.servers.phone.answering()
  })
  afterAll(() => sip.end())

  /** As soon as others can find the INVITE. */
  const killHolder = async (call: SipStoryCall) => {
    const holder = sip.nodes[1]
    const sql = 'select 1 from sip_leg where call_id = $1 and invite_dialog_id is not null'
    const id = await call.id()
    await until('the INVITE is registered', async () => (await sip.world.db.query(sql, [id])).length > 0)
    if (!holder) throw new Error('Nobody holds legs.')
    await holder.kill()
    return holder
  }

  it('is left in peace where the phone rings, and the caller is hung up on', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    const holder = await killHolder(call)
    await holder.start()
    await theirs.cancelled
    expect((await call.line.ended).by).toBe('service')
    expect(await call.outcome()).toBe('leg_holder_lost')
    expect(await recordOf(sip, call)).toEqual({ to: COLLEAGUE, outcome: 'abandoned' })
    await sip.takesCalls(holder)
  })

  it('is hung up on after an answer that nobody could take', async () => {
    const { call, theirs } = await ringing(sip, colleague)
    const holder = await killHolder(call)
    theirs.answer()
    await holder.start()
    expect((await theirs.ended).by).toBe('service')
    expect(await call.outcome()).toBe('leg_holder_lost')
  })
})
