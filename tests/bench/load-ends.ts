import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { WebSocketServer } from 'ws'
import { FRAME_MS } from './relay-wire.ts'

/** Frames on their way when the last was sent have this long to arrive. */
const DRAIN_MS = 500

/** Where a server listens, once it does. */
export async function urlOf(server: WebSocketServer): Promise<string> {
  if (server.address() === null) await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Has every end send a frame each 20 ms, all of them evenly spread over these. Resolves when the last ones have come. */
export async function sendEvenly(ends: { send(): void }[], seconds: number): Promise<void> {
  const began = performance.now()
  const total = Math.round((seconds * 1000) / FRAME_MS) * ends.length
  for (let next = 0; next < total; ) {
    const due = Math.min(total, ((performance.now() - began) / FRAME_MS) * ends.length)
    while (next < due) ends[next++ % ends.length]?.send()
    await pause(1)
  }
  await pause(DRAIN_MS)
}
