import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SimulatedFreeSwitch } from '../support/simulated-sip/free-switch/simulated-free-switch.ts'
import { addFreeSwitch, REAL_SERVERS } from '../support/sip-servers.ts'
import { loudest, type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

/** So long drachtio-fsmrf waits for a channel to call back. */
const FSMRF_WAITS_MS = 4_000

describe.skipIf(REAL_SERVERS)('A FreeSWITCH that goes away', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  it('takes its calls with it, with a written reason; new ones are refused until it is back', async () => {
    const { freeSwitch } = sip.simulated
    const call = sip.call()
    await call.reaches('bridged.talking')
    await freeSwitch.kill()
    expect((await call.line.ended).by).toBe('service')
    expect(await call.outcome()).toBe('media_server_lost')
    await sip.takesCalls(sip.world.node, 'FreeSWITCH')
    const refused = await sip.call().line.final
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '5'])
    await freeSwitch.listen()
    await sip.takesCalls()
    const again = sip.call()
    expect(await again.answer()).toBe(200)
    await again.line.bye()
    expect(await again.outcome()).toBe('caller_hung_up')
  })

  it('and is back in a moment: who calls meanwhile waits for it', async () => {
    const { freeSwitch } = sip.simulated
    const earlier = sip.call()
    await earlier.reaches('bridged.talking')
    await freeSwitch.kill()
    await earlier.line.ended
    const call = sip.call()
    await pause(500)
    await freeSwitch.listen()
    expect(await call.answer()).toBe(200)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('that is too busy to call back in time is asked once more', async () => {
    const { faults } = sip.simulated.freeSwitch
    faults.socketDelayMs = FSMRF_WAITS_MS + 500
    const call = sip.call()
    await pause(FSMRF_WAITS_MS)
    faults.socketDelayMs = 0
    expect(await call.answer()).toBe(200)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('that takes no more legs: 503, and the call that was begun ends with that reason', async () => {
    sip.simulated.freeSwitch.faults.refuseInvites = 503
    const call = sip.call()
    expect(await call.answer()).toBe(503)
    expect(await call.outcome()).toBe('media_server_lost')
    sip.simulated.freeSwitch.faults.refuseInvites = null
  })

  it('whose event socket breaks alone costs no call', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    sip.simulated.freeSwitch.dropEventSockets('inbound')
    await until('it is connected again', async () => (await sip.call().answer()) === 200)
    expect(await call.state()).toBe('bridged.talking')
    for (const each of sip.servers.phone.calls) if (each.isAnswered && !each.isOver) await each.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe.skipIf(REAL_SERVERS)('Two FreeSWITCH servers, one of which dies', () => {
  let sip: SipWorld
  let second: SimulatedFreeSwitch
  beforeEach(async () => {
    sip = await SipWorld.begin({ processes: [] })
    second = await addFreeSwitch(sip.simulated, '127.0.0.1:5082')
    const hosts = `127.0.0.1:${sip.simulated.freeSwitch.port},127.0.0.1:${second.port}`
    const node = await sip.startNode({ FREESWITCH_HOST: hosts })
    await sip.takesCalls(node)
    await until('both are connected', () => node.output.split('FreeSWITCH is connected').length === 3)
  })
  afterEach(async () => {
    await sip.end()
    await second.stop()
  })

  /** Whichever has the only call. */
  const holder = () => [sip.simulated.freeSwitch, second].find(({ channels }) => channels.size === 1)

  it('share the calls; those of the dead one are heard again through the other', async () => {
    const { freeSwitch: first } = sip.simulated
    const calls = [sip.call(), sip.call()]
    for (const call of calls) await call.reaches('bridged.talking')
    expect([first.channels.size, second.channels.size]).toEqual([1, 1])
    const [moved, stayed] = await sortedByServer(calls, first)
    await moved.hasTurns(1)
    await first.kill()
    const again = await moved.conversation(2)
    await moved.hears('the agent again', moved.line.voice.heard.length)
    await until('the agent knows what was said', () =>
      again.contextualUpdates.join().includes('conversation'),
    )
    expect(moved.line.requests.map(({ method }) => method)).toEqual(['INVITE', 'ACK'])
    expect(second.channels.size).toBe(2)
    expect(await stayed.conversations()).toHaveLength(1)
    for (const call of calls) {
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
    }
    await until('no channel is left', () => second.channels.size === 0)
  })

  it('a caller on hold goes on waiting with music, and gets the voice', async () => {
    sip.world.vendor.withholdClones = true
    const call = sip.call({ from: await sip.world.newCallerWithVoice() })
    await call.reaches('hold')
    await holder()?.kill()
    await until('it is on the other one', () => call.line.requests.length === 2)
    await call.hears('music', call.line.voice.heard.length)
    sip.world.vendor.withholdClones = false
    await call.conversation(1)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('a caller who is greeted is greeted again', async () => {
    const call = sip.call()
    await call.answer()
    await call.hears('the greeting')
    await holder()?.kill()
    await call.reaches('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('one that does not answer any more, and says so by no word, is given up, and its calls go on, too', async () => {
    const call = await sip.call().reaches('bridged.talking')
    const silent = holder()
    if (silent) silent.faults.hangs = true
    const again = await call.conversation(2)
    expect(again).toBeDefined()
    await call.hears('the agent again', call.line.voice.heard.length)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('a session offers itself again, with a higher count, and can be changed afterwards', async () => {
    const call = await sip.call().reaches('bridged.talking')
    const first = sessionOf((await call.line.final).body)
    await holder()?.kill()
    await until('it is on the other one', () => call.line.requests.length === 2)
    expect(sessionOf(call.line.requests[0]?.body ?? '')).toEqual([first[0], first[1], Number(first[2]) + 1])
    const held = await call.line.hold()
    expect(held.body).toMatch(/a=(recvonly|inactive)/)
    expect(sessionOf(held.body)).toEqual([first[0], first[1], Number(first[2]) + 2])
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('who hangs up at that moment, or is hung up on, leaves nothing', async () => {
    const calls = [sip.call(), sip.call(), sip.call(), sip.call()]
    for (const call of calls) await call.reaches('bridged.talking')
    const hangUp = async (call: SipStoryCall) =>
      sip.world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    const [a, b, c, d] = calls as [SipStoryCall, SipStoryCall, SipStoryCall, SipStoryCall]
    await Promise.all([sip.simulated.freeSwitch.kill(), a.line.bye(), b.line.bye(), hangUp(c), hangUp(d)])
    for (const call of [a, b]) expect(await call.outcome()).toBe('caller_hung_up')
    for (const call of [c, d]) expect(await call.outcome()).toBe('operator_hung_up')
    await until('no channel is left', () => second.channels.size === 0)
    await until('no dialog is left', () => sip.simulated.drachtio.dialogCount === 0)
    const registered = () => sip.world.db.query('select 1 from sip_leg')
    await until('no leg is registered', async () => (await registered()).length === 0)
  })

  it('that were the only two: the call ends with a written reason', async () => {
    const call = await sip.call().reaches('bridged.talking')
    const other = holder() === second ? sip.simulated.freeSwitch : second
    await other.kill()
    await holder()?.kill()
    expect((await call.line.ended).by).toBe('service')
    expect(await call.outcome()).toBe('media_server_lost')
  })

  /** Of two calls, the one on this server first. */
  async function sortedByServer(
    [a, b]: SipStoryCall[],
    server: SimulatedFreeSwitch,
  ): Promise<[SipStoryCall, SipStoryCall]> {
    if (!a || !b) throw new Error('Two calls are needed.')
    const [channel] = server.channels.keys()
    const [row] = await sip.world.db.query<{ id: string }>(
      'select call_id as id from sip_leg where channel = $1',
      [channel],
    )
    return row?.id === (await a.id()) ? [a, b] : [b, a]
  }

  const sessionOf = (sdp: string): [string, string, number] => {
    const [, user = '', session = '', version] = /^o=(\S+) (\S+) (\d+)/m.exec(sdp) ?? []
    return [user, session, Number(version)]
  }
})

describe.skipIf(REAL_SERVERS)('A drachtio-server that goes away', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  it('for a moment: the call goes on, and an operator can still end it', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    sip.simulated.drachtio.dropApps()
    await until('it is connected again', () => sip.simulated.drachtio.appCount === 1)
    expect(await call.state()).toBe('bridged.talking')
    await sip.world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    expect((await call.line.ended).by).toBe('service')
    expect(await call.outcome()).toBe('operator_hung_up')
  })

  it.each([
    ['at once', 0],
    ['when its calls have been given up', 11_000],
  ])(
    'and comes back %s without its dialogs: the caller is told all the same',
    async (_, awayMs) => {
      const { drachtio } = sip.simulated
      const call = await sip.call().reaches('bridged.talking')
      await drachtio.stop()
      await pause(awayMs)
      await drachtio.listen()
      expect((await call.line.ended).by).toBe('service')
      expect(await call.outcome()).toBe('signalling_lost')
      await sip.takesCalls()
      await until('every channel is gone', () => sip.simulated.freeSwitch.channels.size === 0)
    },
    30_000,
  )

  it('with the wrong secret says so in /health', async () => {
    const node = await sip.startNode({ DRACHTIO_SECRET: 'wrong' })
    await sip.takesCalls(node, 'refuses DRACHTIO_SECRET')
    expect(node.output).not.toContain(sip.simulated.drachtio.secret)
    await node.terminate()
  })
})

describe.skipIf(REAL_SERVERS)('A FreeSWITCH whose mod_audio_fork only plays files', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ module: 'playAudio' })
  })
  afterAll(() => sip.end())

  it('lets the caller hear the agent all the same', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const from = call.line.voice.heard.length
    await call.hears('the agent', from)
    expect(sip.world.node.output).toContain('"audio":"files"')
    expect(loudest(call.line.voice.heard)).toBeGreaterThan(0)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('When the lines are all taken, and when the process is going', () => {
  it('a trunk is told to come later, and the call is written down with its reason', async () => {
    const sip = await SipWorld.begin({ settings: { MAX_CONCURRENT_CALLS: '1', DRAIN_SECONDS: '20' } })
    try {
      const call = sip.call()
      await call.reaches('bridged.talking')
      const full = sip.call()
      const { status, headers } = await full.line.final
      expect([status, headers.get('Retry-After')]).toEqual([503, '5'])
      expect(await full.outcome()).toBe('capacity_full')
      sip.world.node.signal('SIGTERM')
      await until('it is draining', async () => (await sip.servers.phone.request('OPTIONS')).status === 503)
      const late = sip.call()
      expect(await late.answer()).toBe(503)
      expect(await late.outcome()).toBe('draining')
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
      expect(await sip.world.node.exit()).toBe(0)
    } finally {
      await sip.end()
    }
  })
})
