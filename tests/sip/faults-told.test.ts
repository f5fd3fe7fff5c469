import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Signalling } from '../../src/telephony/sip/signalling.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { frame } from '../support/simulated-sip/drachtio/wire.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

describe.skipIf(REAL_SERVERS)('What the operator is told of SIP servers that are not there', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  const health = async (node: ServiceProcess) => {
    const response = await fetch(`${node.origin}/health`)
    return { code: response.status, ...((await response.json()) as { sip: string }) }
  }
  /** What the gauge says of drachtio-server and of FreeSWITCH. */
  const up = async () => {
    const headers = { authorization: `Bearer ${sip.world.adminKey}` }
    const text = await (await fetch(`${sip.world.node.origin}/metrics`, { headers })).text()
    const { drachtio, freeSwitch } = sip.simulated
    return [
      /precall_sip_up\{server="drachtio",address="(\S+)"\} (\d)/.exec(text)?.slice(1),
      /precall_sip_up\{server="freeswitch",address="(\S+)"\} (\d)/.exec(text)?.slice(1),
    ].map((found, index) => {
      expect(found?.[0]).toBe(`127.0.0.1:${[drachtio, freeSwitch][index]?.port}`)
      return Number(found?.[1])
    })
  }

  it('which one it is, in words without addresses, while calls by other ways are taken; a gauge says it, too', async () => {
    const { freeSwitch, drachtio } = sip.simulated
    expect(await up()).toEqual([1, 1])
    await freeSwitch.kill()
    await sip.takesCalls(sip.world.node, 'FreeSWITCH cannot be reached')
    expect(await health(sip.world.node)).toMatchObject({ code: 200, sip: 'FreeSWITCH cannot be reached' })
    expect(await up()).toEqual([1, 0])
    await drachtio.stop()
    await sip.takesCalls(sip.world.node, 'drachtio-server cannot be reached; FreeSWITCH cannot be reached')
    expect(await up()).toEqual([0, 0])
    await drachtio.listen()
    await freeSwitch.listen()
    await sip.takesCalls()
    expect(await up()).toEqual([1, 1])
    expect(sip.world.node.output).toContain(`"freeSwitch":"127.0.0.1:${freeSwitch.port}"`)
  })

  it('both, when both refuse their secrets', async () => {
    const node = await sip.startNode({ DRACHTIO_SECRET: 'wrong', FREESWITCH_SECRET: 'wrong' })
    const both = 'drachtio-server refuses DRACHTIO_SECRET; FreeSWITCH refuses FREESWITCH_SECRET'
    await sip.takesCalls(node, both)
    expect((await health(node)).sip).toBe(both)
    await node.terminate()
  })

  it('at the start, that nobody may call', async () => {
    const node = await sip.startNode({ SIP_TRUNKS: '' })
    expect(node.output).toContain('SIP_TRUNKS and SIP_USERS are not set: only calls of trunks')
    await node.terminate()
  })
})

describe('A drachtio-server that refuses the secret', () => {
  let server: Server
  let logins = 0
  let signalling: Signalling
  const lines: string[] = []

  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('data', (login) => {
        logins++
        const id = /^\d+#([^|]+)/.exec(String(login))?.[1]
        socket.end(frame(`0|response|${id}|NO|incorrect secret`))
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => signalling.stop())
  afterAll(() => server.close())

  it('is asked ever less often, and told of once', async () => {
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
    const { port } = server.address() as AddressInfo
    const silent = { onBack: () => {}, onLost: () => {} }
    signalling = new Signalling({ host: '127.0.0.1', port, secret: 'wrong', log, ...silent })
    const began = performance.now()
    signalling.start()
    await until('it was asked four times', () => logins === 4)
    // Pauses of 250, 500 and 1000 ms.
    expect(performance.now() - began).toBeGreaterThan(1_700)
    expect(signalling.fault).toBe('drachtio-server refuses DRACHTIO_SECRET')
    expect(lines).toHaveLength(1)
  })
})
