import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PHONE_PATH } from '../../src/simulator/phone/phone-messages.ts'
import { ScriptedWorld } from '../support/scripted-world.ts'
import { ServiceProcess } from '../support/service-process.ts'

/*
 * Connections that ask to become WebSockets: refused ones are let go of, and one that is reset ends nothing.
 */

const MANY = 100

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`

async function ask(origin: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(upgrade(path))
  return socket
}

/** Clients who ask and are gone before they are answered. */
async function resetMany(origin: string, path: string): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: MANY }, () => ask(origin, path)))
  for (const socket of sockets) socket.resetAndDestroy()
}

describe('An upgrade', () => {
  let world: ScriptedWorld
  beforeAll(async () => {
    world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn' })
    await world.startNode()
  })
  afterAll(() => world.end())

  it.each(['/nowhere', '/media-stream/none'])(
    'of %s that is refused is let go of, though its client never hangs up',
    async (path) => {
      const sockets = await Promise.all(Array.from({ length: MANY }, () => ask(world.node.origin, path)))
      for (const socket of sockets) socket.resume()
      await Promise.all(sockets.map((socket) => once(socket, 'end')))
      // Half open on this side still: on the other one nothing is left that could be written to.
      const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
      const writing = setInterval(() => {
        for (const socket of sockets) if (socket.writable) socket.write('still here')
      }, 20)
      await Promise.all(closed)
      clearInterval(writing)
    },
  )

  it('that is reset ends nothing, and is no error of ours', async () => {
    for (const path of ['/nowhere', '/media-stream/0190a0a0-0000-7000-8000-000000000000'])
      await resetMany(world.node.origin, path)
    expect(await world.node.isHealthy()).toBe(true)
    expect(world.node.output).not.toContain('"level":"error"')
  })
})

describe('The demo', () => {
  let demo: ServiceProcess
  let world: ScriptedWorld
  beforeAll(async () => {
    world = await ScriptedWorld.begin()
    demo = await ServiceProcess.start({ DATABASE_URL: world.db.url, ADMIN_API_KEY: world.adminKey })
  })
  afterAll(async () => {
    await demo.terminate()
    await world.end()
  })

  it('does not die by telephones that are reset, and is not even started again', async () => {
    for (let round = 0; round < 3; round++) await resetMany(demo.origin, PHONE_PATH)
    expect(await demo.isHealthy()).toBe(true)
    expect(demo.ended).toBeNull()
    expect(demo.output).not.toContain('is started again')
  })
})
