import { once } from 'node:events'
import { v7 as uuidv7 } from 'uuid'
import { WebSocket, WebSocketServer } from 'ws'
import { startMetadata } from '../../src/telephony/sip/stream-metadata.ts'
import { sendEvenly, urlOf } from './load-ends.ts'
import { answer } from './relay-child.ts'
import { carrierMessage, FRAME_MS, metadataOf, START } from './relay-wire.ts'

/*
 * Both ends of calls whose audio may be transcoded on the way, so that no stamp in it would arrive: each frame of one end
 * is the next that the other one gets.
 */

/** `forkRate`: the calls come from FreeSWITCH, at this rate; from Twilio when it is null. */
export type Pairing = { forkRate: 8000 | 16_000 | null; agentFormat: string }
export type FormatsLoad = { sent: number; received: number; delaysMs: number[] }

class End {
  peer: End | null = null
  readonly sentAt: number[] = []
  readonly #socket: WebSocket
  readonly #frame: string | Buffer

  constructor(socket: WebSocket, frame: string | Buffer) {
    this.#socket = socket
    this.#frame = frame
    socket.on('message', (data: Buffer) => {
      if (data.length < LEAST_AUDIO_BYTES) return
      const sentAt = this.peer?.sentAt.shift()
      if (sentAt === undefined) return
      result.received++
      result.delaysMs.push(performance.now() - sentAt)
    })
  }

  send(): void {
    this.sentAt.push(performance.now())
    this.#socket.send(this.#frame)
    result.sent++
  }
}

/** The shortest frame there is, 160 bytes of mu-law as base64; whatever else is said is shorter. */
const LEAST_AUDIO_BYTES = 213

let result: FormatsLoad
let ends: End[] = []
let pairing: Pairing
let dialled = Promise.withResolvers<End>()

const agents = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
agents.on('connection', (socket) => {
  socket.once('message', () => {
    socket.send(metadataOf(pairing.agentFormat))
    dialled.resolve(new End(socket, agentFrame(pairing.agentFormat)))
  })
})

function agentFrame(format: string): string {
  const [encoding, rate] = format.split('_')
  const bytes = (Number(rate) * FRAME_MS * (encoding === 'ulaw' ? 1 : 2)) / 1000
  const audio_base_64 = noise(bytes).toString('base64')
  return JSON.stringify({ type: 'audio', audio_event: { audio_base_64, event_id: 1 } })
}

/** Loud enough to be worked on, and the same each time. */
const noise = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 37) % 256))

async function open({ url, calls, ...asked }: Pairing & { url: string; calls: number }): Promise<void> {
  pairing = asked
  ends = []
  for (let call = 0; call < calls; call++) {
    dialled = Promise.withResolvers<End>()
    const carrier = await openCarrier(url)
    const agent = await dialled.promise
    carrier.peer = agent
    agent.peer = carrier
    ends.push(carrier, agent)
  }
}

async function openCarrier(url: string): Promise<End> {
  const { forkRate } = pairing
  const path = forkRate === null ? '/media-stream/' : '/sip-media/'
  const socket = new WebSocket(`${url}${path}${uuidv7()}`, { perMessageDeflate: false })
  await once(socket, 'open')
  if (forkRate === null) {
    socket.send(START)
    return new End(socket, carrierMessage(noise(160).toString('base64'), 1))
  }
  const rates = { caller: forkRate, agent: forkRate }
  socket.send(startMetadata({ providerCallId: 'bench', token: 'bench', audio: 'stream', rates }))
  return new End(socket, noise((forkRate * FRAME_MS * 2) / 1000))
}

async function speak({ seconds }: { seconds: number }): Promise<FormatsLoad> {
  result = { sent: 0, received: 0, delaysMs: [] }
  await sendEvenly(ends, seconds)
  return result
}

answer({
  listen: () => urlOf(agents),
  open: (argument) => open(argument as Parameters<typeof open>[0]),
  speak: (argument) => speak(argument as Parameters<typeof speak>[0]),
})
