import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import { WebSocket, WebSocketServer } from 'ws'
import { sendEvenly, urlOf } from './load-ends.ts'
import { answer } from './relay-child.ts'
import { agentMessage, carrierMessage, METADATA, START, stampedFrame, stampOf } from './relay-wire.ts'

/* Both ends of every call: the carriers, which dial what is measured, and the agents, which it dials in turn. */

export type LoadResult = { sent: number; received: number; disordered: number; delaysMs: number[] }

/** Sends a frame when it is due and looks at those that come back. */
class End {
  readonly #socket: WebSocket
  readonly #write: (payload: string, number: number) => string
  #number = 0
  #expected = 0

  constructor(socket: WebSocket, write: (payload: string, number: number) => string) {
    this.#socket = socket
    this.#write = write
    socket.on('message', (data: Buffer) => {
      const stamp = stampOf(data)
      if (stamp !== null) this.#received(stamp.sentAt, stamp.number)
    })
  }

  send(): void {
    const payload = stampedFrame({ sentAt: performance.now(), number: this.#number })
    this.#socket.send(this.#write(payload, this.#number++))
    result.sent++
  }

  #received(sentAt: number, number: number): void {
    result.received++
    result.delaysMs.push(performance.now() - sentAt)
    if (number !== this.#expected) result.disordered++
    this.#expected = number + 1
  }
}

let result: LoadResult
/** The ends of all calls that go through one of the measured, by its address. */
const endsOf = new Map<string, End[]>()
let dialled: End[] = []

const agents = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
agents.on('connection', (socket) => {
  // The relay begins a conversation, the pipe brings the carrier’s `start`; after either the agent may speak.
  socket.once('message', () => {
    socket.send(METADATA)
    dialled.push(new End(socket, agentMessage))
  })
})

async function open({ url, calls }: { url: string; calls: number }): Promise<void> {
  dialled = []
  const carriers: End[] = []
  for (let call = 0; call < calls; call++) {
    const socket = new WebSocket(url + uuidv7(), { perMessageDeflate: false })
    await once(socket, 'open')
    socket.send(START)
    carriers.push(new End(socket, carrierMessage))
  }
  while (dialled.length < calls) await pause(5)
  endsOf.set(url, [...carriers, ...dialled])
}

/** Every end sends a frame each 20 ms, and all of them evenly spread over these. */
async function speak({ url, seconds }: { url: string; seconds: number }): Promise<LoadResult> {
  result = { sent: 0, received: 0, disordered: 0, delaysMs: [] }
  await sendEvenly(endsOf.get(url) ?? [], seconds)
  return result
}

answer({
  listen: () => urlOf(agents),
  open: (argument) => open(argument as Parameters<typeof open>[0]),
  speak: (argument) => speak(argument as Parameters<typeof speak>[0]),
})
