import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { poolConfig } from '../../src/persistence/connect.ts'

/** AuthenticationOk and ReadyForQuery, https://www.postgresql.org/docs/current/protocol-message-formats.html */
const LET_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])

/** A server that lets everybody in and breaks the connection at its first statement. */
async function breakingServer(): Promise<string> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(LET_IN)
      socket.once('data', () => socket.resetAndDestroy())
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `postgres://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}/calls`
}

test('a session that breaks while it is set up fails whoever asked for it, and not the process', async () => {
  const pool = new pg.Pool(poolConfig(await breakingServer()))
  await expect(pool.query('select 1')).rejects.toThrow()
  await pool.end()
})
