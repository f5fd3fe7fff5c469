import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { loopDelay } from '../../runtime/loop-delay.ts'

/*
 * FreeSWITCH's event socket, as far as it takes to ask one thing: "auth", "api", and answers that are headers, a blank
 * line and as many bytes as Content-Length says. https://developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Client-and-Developer-Interfaces/Event-Socket-Library
 */

const TIMEOUT_MS = 2_000

/** Far above what any of the commands in use answers. */
const MAX_ANSWER_BYTES = 1024 * 1024

export type EventSocketAddress = { host: string; port: number; secret: string | null }

export type Asked = {
  /** The answers, in the order of the commands. */
  answers: string[]
  /** The address of ours that this server is reached from, and so the one that it can reach us at. */
  localAddress: string
}

/** Asks FreeSWITCH over a connection of its own. Rejects with what is wrong, in a few words that name no secret. */
export async function askFreeSwitch(address: EventSocketAddress, commands: string[]): Promise<Asked> {
  const socket = connect({ host: address.host, port: address.port, noDelay: true })
  const cancel = loopDelay.after(TIMEOUT_MS, () => socket.destroy(new Error('FreeSWITCH does not answer')))
  const frames = framesOf(socket)
  try {
    await once(socket, 'connect')
    await next(frames)
    const accepted = await say(socket, frames, `auth ${address.secret ?? ''}`)
    if (!accepted.head.includes('+OK')) throw new Error('FreeSWITCH refuses FREESWITCH_SECRET')
    const answers: string[] = []
    for (const command of commands) answers.push((await say(socket, frames, `api ${command}`)).body)
    return { answers, localAddress: (socket.localAddress ?? '').replace(/^::ffff:/, '') }
  } catch (error) {
    throw isOfTheSocket(error) ? new FreeSwitchUnreachable(error) : error
  } finally {
    cancel()
    socket.destroy()
  }
}

/** Node says of a connection at which address it failed, and not what was wanted of it. */
export class FreeSwitchUnreachable extends Error {
  /** Such as ECONNREFUSED. */
  readonly code: string | undefined

  constructor(cause: NodeJS.ErrnoException) {
    super('FreeSWITCH cannot be reached', { cause })
    this.code = cause.code
  }
}

export const isOfTheSocket = (error: unknown): error is NodeJS.ErrnoException =>
  (error as NodeJS.ErrnoException).code !== undefined

type Frame = { head: string; body: string }

async function say(socket: Socket, frames: AsyncGenerator<Frame>, line: string): Promise<Frame> {
  socket.write(`${line}\n\n`)
  return next(frames)
}

async function next(frames: AsyncGenerator<Frame>): Promise<Frame> {
  const { value, done } = await frames.next()
  if (done) throw new Error('FreeSWITCH closed its event socket; does its ACL let us in?')
  return value
}

async function* framesOf(socket: Socket): AsyncGenerator<Frame> {
  let received = ''
  for await (const chunk of socket.setEncoding('latin1')) {
    received += chunk
    if (received.length > MAX_ANSWER_BYTES) throw new Error('FreeSWITCH answers more than it should')
    for (let frame = firstOf(received); frame; frame = firstOf(received)) {
      received = received.slice(frame.length)
      yield frame
    }
  }
}

function firstOf(received: string): (Frame & { length: number }) | null {
  const end = received.indexOf('\n\n')
  if (end < 0) return null
  const head = received.slice(0, end)
  const bodyLength = Number(/^Content-Length: (\d+)$/m.exec(head)?.[1] ?? 0)
  const length = end + 2 + bodyLength
  return received.length < length ? null : { head, body: received.slice(end + 2, length), length }
}
