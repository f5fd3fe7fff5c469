import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { liveChannels } from '../support/live-channels.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

/*
 * Callers who hang up at the worst moment. Whatever crosses what: the call is over for everybody, and nothing is left.
 */

let sip: SipWorld
beforeAll(async () => {
  sip = await SipWorld.begin()
})
afterAll(() => sip.end())

async function leavesNothing(): Promise<void> {
  await until('no channel is left', async () => (await liveChannels(sip)) === 0)
  await until('no leg is registered', async () => {
    return (await sip.world.db.query('select 1 from sip_leg')).length === 0
  })
  if (!REAL_SERVERS) await until('no dialog is left', () => sip.simulated.drachtio.dialogCount === 0)
}

/** Gives up so long after dialling; where the answer was faster, hangs up. */
async function givesUpAfter(ms: number): Promise<SipStoryCall> {
  const call = sip.call()
  await pause(ms)
  if (!call.line.isAnswered) void call.line.cancel()
  if ((await call.answer()) === 200) await call.line.bye()
  expect(await call.outcome()).toBe('caller_hung_up')
  return call
}

describe('CANCEL', () => {
  it('at every moment before the answer and around it', async () => {
    const afterMs = [0, 1, 2, 4, 6, 8, 10, 12, 15, 18, 22, 26, 30, 40, 60]
    const answers: number[] = []
    for (const ms of afterMs)
      answers.push(...(await givesUpAfter(ms)).line.responses.map(({ status }) => status))
    expect(answers).toContain(487)
    await leavesNothing()
  })

  it('of forty callers at once', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, index) => givesUpAfter(index)))
    await leavesNothing()
  })

  it.skipIf(REAL_SERVERS).each(['answerDelayMs', 'socketDelayMs'] as const)(
    'while FreeSWITCH takes its time (%s): the channel that comes then is hung up',
    async (fault) => {
      const { faults } = sip.simulated.freeSwitch
      faults[fault] = 150
      const call = await givesUpAfter(50)
      expect(call.line.responses.map(({ status }) => status)).toContain(487)
      faults[fault] = 0
      await leavesNothing()
    },
  )
})

describe.skipIf(REAL_SERVERS)('CANCEL that is told of when the answer is already on its way', () => {
  it('is taken for what it is', async () => {
    const { drachtio, freeSwitch } = sip.simulated
    freeSwitch.faults.socketDelayMs = 150
    const call = sip.call()
    await until('FreeSWITCH has answered', () => drachtio.dialogCount === 1)
    drachtio.heldBackMs = 300
    void call.line.cancel()
    expect(await call.answer()).toBe(487)
    expect(await call.outcome()).toBe('caller_hung_up')
    drachtio.heldBackMs = 0
    freeSwitch.faults.socketDelayMs = 0
    await leavesNothing()
  })
})

describe('BYE', () => {
  it('in one breath with the ACK', async () => {
    const call = sip.call()
    await call.answer()
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
    await leavesNothing()
  })

  it('before any ACK', async () => {
    const call = sip.call({ withholdsAck: true })
    await call.answer()
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
    await leavesNothing()
  })

  it('while the agent is being reached', async () => {
    sip.world.vendor.hangSignedUrl = true
    const call = await sip.call().reaches('bridged.connecting')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
    sip.world.vendor.hangSignedUrl = false
    await leavesNothing()
  })

  it('of the caller and of the service, crossing each other', async () => {
    const call = await sip.call().reaches('bridged.talking')
    const hangUp = sip.world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    await Promise.all([hangUp, call.line.bye()])
    expect(['caller_hung_up', 'operator_hung_up']).toContain(await call.outcome())
    await leavesNothing()
  })
})
