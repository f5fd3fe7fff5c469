import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addFreeSwitch, REAL_SERVERS } from '../support/sip-servers.ts'
import { loudest, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

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

describe.skipIf(REAL_SERVERS)('Two FreeSWITCH servers', () => {
  it('share the calls, and one goes on alone', async () => {
    const sip = await SipWorld.begin({ processes: [] })
    const { freeSwitch: first } = sip.simulated
    const second = await addFreeSwitch(sip.simulated, '127.0.0.1:5082')
    try {
      const hosts = `127.0.0.1:${first.port},127.0.0.1:${second.port}`
      const node = await sip.startNode({ FREESWITCH_HOST: hosts })
      await sip.takesCalls(node)
      await until('both are connected', () => node.output.split('FreeSWITCH is connected').length === 3)
      const calls = [sip.call(), sip.call()]
      for (const call of calls) await call.reaches('bridged.talking')
      expect([first.channels.size, second.channels.size]).toEqual([1, 1])
      await first.kill()
      const outcomes = async () =>
        (await Promise.all(calls.map((call) => call.row()))).map((row) => row?.outcome ?? null)
      await until('one call is lost', async () => (await outcomes()).includes('media_server_lost'))
      expect((await outcomes()).sort()).toEqual([null, 'media_server_lost'].sort())
      const other = sip.call()
      expect(await other.answer()).toBe(200)
      await other.line.bye()
      await other.outcome()
    } finally {
      await sip.end()
      await second.stop()
    }
  })
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
