import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServiceProcess } from '../support/service-process.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

describe('A SIP call whose web, media and worker process is killed', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ processes: [{ ROLES: 'web,media,worker' }, { ROLES: 'sip' }] })
  })
  afterAll(() => sip.end())

  it('in the middle of a conversation, hears the agent again', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const [greeting] = await call.hasTurns(1)
    const killedAt = Date.now()
    await sip.world.node.kill()
    await sip.world.node.start()
    const again = await call.conversation(2)
    await call.hears('the agent again', call.line.voice.heard.length)
    const pauseMs = Date.now() - killedAt
    process.stdout.write(`\nKilled relay: the agent was heard again after ${pauseMs} ms\n`)
    await until('the agent is told what was said', () =>
      again.contextualUpdates.join().includes(greeting?.text ?? '?'),
    )
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('while it is greeted, is joined when the process is back', async () => {
    const call = sip.call()
    await call.answer()
    await call.hears('the greeting')
    await sip.world.node.kill()
    await sip.world.node.start()
    await call.reaches('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('while it waits for its voice, waits with music and gets it', async () => {
    sip.world.vendor.withholdClones = true
    const call = sip.call({ from: await sip.world.newCallerWithVoice() })
    await call.reaches('hold')
    await sip.world.node.kill()
    sip.world.vendor.withholdClones = false
    await sip.world.node.start()
    await call.conversation(1)
    // What the vendor was still making for the dead is looked for a quarter of an hour later.
    await sip.world.passTime(16 * 60_000)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('A SIP call whose relay is killed while another one lives', () => {
  let sip: SipWorld
  beforeAll(async () => {
    const media = { ROLES: 'media' }
    sip = await SipWorld.begin({ processes: [{ ROLES: 'web,worker' }, media, media, { ROLES: 'sip' }] })
  })
  afterAll(() => sip.end())

  it('goes over to it', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    await call.hasTurns(1)
    const relay = await holderOf(call, sip)
    const killedAt = Date.now()
    await relay.kill()
    await call.conversation(2)
    // What is left of the earlier agent's words in FreeSWITCH is not the agent again.
    await call.hears('the agent again', call.line.voice.heard.length)
    process.stdout.write(
      `\nKilled relay, another lives: the agent was heard again after ${Date.now() - killedAt} ms\n`,
    )
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
    const registered = () => sip.world.db.query('select id from service_node')
    await until('the dead one is forgotten', async () => (await registered()).length === 3)
  })

  /** The media process that has the call's stream. */
  async function holderOf(call: { id(): Promise<string> }, { nodes }: SipWorld): Promise<ServiceProcess> {
    const id = await call.id()
    const hasJoined = (line: string) =>
      ['"msg":"Media stream joined"', '"bridgeNumber":1', `"callId":"${id}"`].every((part) =>
        line.includes(part),
      )
    const found = nodes.find(({ output }) => output.split('\n').some(hasJoined))
    if (!found) throw new Error('No process has the stream.')
    return found
  }
})

describe('A SIP call whose own process is killed', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({
      processes: [{ ROLES: 'web,media,worker' }, { ROLES: 'sip' }, { ROLES: 'sip' }],
    })
  })
  afterAll(() => sip.end())

  it('is ended in writing by another one, and the caller is told', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const id = await call.id()
    const holder = sip.nodes.find(
      ({ output }, index) => index > 0 && output.includes(`"${id}","event":"call.began"`),
    )
    const killedAt = Date.now()
    await holder?.kill()
    expect(await call.outcome()).toBe('leg_holder_lost')
    expect((await call.line.ended).by).toBe('service')
    process.stdout.write(
      `\nKilled holder, another lives: BYE to the caller after ${Date.now() - killedAt} ms\n`,
    )
    await holder?.start()
  })

  it('is ended by itself when it is back, when there is no other', async () => {
    for (const node of sip.nodes.slice(2)) await node.terminate()
    const holder = sip.nodes[1]
    await sip.takesCalls(holder)
    const call = sip.call()
    await call.reaches('bridged.talking')
    await holder?.kill()
    expect(await call.outcome()).toBe('leg_holder_lost')
    await holder?.start()
    expect((await call.line.ended).by).toBe('service')
  })

  it.skipIf(REAL_SERVERS)('leaves no channel in FreeSWITCH', async () => {
    await until('every channel is gone', () => sip.simulated.freeSwitch.channels.size === 0)
  })
})
