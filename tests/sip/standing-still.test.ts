import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

const CALLS = 100
/** Longer than a FreeSWITCH may be silent, and than a relay may keep a fork waiting. */
const STALLS_MS = [4_500, 2_500, 5_500]
const AWAKE_MS = 400
/** A hundred calls in real time keep a small machine busy. */
const PATIENCE_MS = 60_000

describe.skipIf(REAL_SERVERS)('A process that stands still for seconds, again and again', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ timeScale: 1, settings: { MAX_CONCURRENT_CALLS: `${2 * CALLS}` } })
  })
  afterAll(() => sip.end())

  /** How many calls are in which state, or ended why. */
  async function standing(): Promise<Record<string, number>> {
    const rows = await sip.world.db.query<{ what: string; calls: number }>(
      `select coalesce(outcome, concat_ws('.', state, bridge)) as what, count(*)::int as calls from call_log group by 1`,
    )
    return Object.fromEntries(rows.map(({ what, calls }) => [what, calls]))
  }
  const allAre = (what: string) =>
    until(
      `all calls are ${what}`,
      async () => (await standing())[what] === CALLS,
      async () => `${JSON.stringify(await standing())}\n${sip.world.node.output.slice(-3_000)}`,
      PATIENCE_MS,
    )

  it('blames nobody for it: of a hundred callers none is hung up, and each is heard again', {
    timeout: 150_000,
  }, async () => {
    const calls = Array.from({ length: CALLS }, () => sip.call())
    await allAre('bridged.talking')
    for (const ms of STALLS_MS) {
      sip.world.node.signal('SIGSTOP')
      await pause(ms)
      sip.world.node.signal('SIGCONT')
      await pause(AWAKE_MS)
    }
    await sip.takesCalls()
    await allAre('bridged.talking')
    const heardBefore = calls.map(({ line }) => line.voice.heardFrames)
    await until('each hears something', () =>
      calls.every(({ line }, index) => line.voice.heardFrames > (heardBefore[index] ?? 0)),
    )
    await Promise.all(calls.map(({ line }) => line.bye()))
    await allAre('caller_hung_up')
  })
})
