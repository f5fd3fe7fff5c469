import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { CarrierSocket } from '../../src/media/carrier-socket.ts'

/** Each side of where RFC 6455 §5.2 begins to write a length in another way. */
const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]

describe('a message to the carrier', () => {
  const http = createServer()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  let accepted = Promise.withResolvers<CarrierSocket>()
  http.on('upgrade', (request, wire, head) => {
    sockets.handleUpgrade(request, wire, head, (stream) => accepted.resolve(new CarrierSocket(stream, wire)))
  })

  beforeAll(async () => {
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
  })
  afterAll(async () => {
    sockets.close()
    http.close()
    await once(http, 'close')
  })

  async function connected() {
    accepted = Promise.withResolvers<CarrierSocket>()
    const carrier = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`)
    const heard: string[] = []
    carrier.on('message', (data, isBinary) => heard.push(isBinary ? 'binary' : data.toString()))
    carrier.on('ping', (data) => heard.push(`ping ${data}`))
    await once(carrier, 'open')
    const socket = await accepted.promise
    const end = async () => {
      const closed = once(carrier, 'close')
      socket.stream.close(1000, 'over')
      const [code] = await closed
      return code as number
    }
    return { carrier, socket, heard, end }
  }

  test('arrives whole and as text, however long it is', async () => {
    const { socket, heard, end } = await connected()
    for (const length of LENGTHS) socket.send(Buffer.alloc(length, 'x'))
    expect(await end()).toBe(1000)
    expect(heard.map((message) => message.length)).toEqual(LENGTHS)
    expect(heard).not.toContain('binary')
  })

  test('keeps its place among what ws itself sends', async () => {
    const { socket, heard, end } = await connected()
    socket.send(Buffer.from('before'))
    socket.stream.ping('between')
    socket.send(Buffer.from('after'))
    await end()
    expect(heard).toEqual(['before', 'ping between', 'after'])
  })

  test('goes nowhere after the close, so that nothing follows the close frame', async () => {
    const { carrier, socket, heard } = await connected()
    const errors: Error[] = []
    carrier.on('error', (error) => errors.push(error))
    const closed = once(carrier, 'close')
    socket.stream.close(1000)
    socket.send(Buffer.from('too late'))
    await closed
    socket.send(Buffer.from('far too late'))
    expect({ heard, errors }).toEqual({ heard: [], errors: [] })
  })

  test('counts as buffered until the system has taken it, and says when that is', async () => {
    const { carrier, socket, end } = await connected()
    carrier.pause()
    const written: unknown[] = []
    const large = Buffer.alloc(8 * 1024 * 1024, 'x')
    for (let sent = 0; sent < 4; sent++) socket.send(large, true, (error) => written.push(error ?? null))
    expect(socket.bufferedBytes).toBeGreaterThan(large.length)
    carrier.resume()
    await end()
    expect(written).toEqual([null, null, null, null])
    expect(socket.bufferedBytes).toBe(0)
  })

  test('to a carrier that is cut off is reported as not written', async () => {
    const { carrier, socket } = await connected()
    const closed = once(socket.stream, 'close')
    carrier.pause()
    const written = Promise.withResolvers<unknown>()
    for (let sent = 0; sent < 4; sent++)
      socket.send(Buffer.alloc(8 * 1024 * 1024), true, (error) => error && written.resolve(error))
    carrier.terminate()
    expect(await written.promise).toBeInstanceOf(Error)
    await closed
  })
})
