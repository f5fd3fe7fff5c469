import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { parseTwiml } from '../../src/simulator/carrier/twiml.ts'
import { ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import { until } from '../support/until.ts'
import { quantile, table } from './figures.ts'
import { startReference } from './reference.ts'
import type { StallsLoad } from './stalls-load.ts'

/*
 * How much later a caller's frames arrive at the agent while somebody else sends this process much to do: the longest of
 * each round. Making and sending all that takes this machine's processors from everybody, so that the reference is a round of
 * the same call in which it is sent to another process, which throws it away.
 */

/** One telephone frame. */
export const STALLS_GOAL = { addedMs: 20 } as const

const FRAME_MS = 20
const KINDS = ['report', 'samples', 'lists'] as const
type Kind = (typeof KINDS)[number]
const QUIET_MS = 4_000

export async function benchStalls(
  postgresUrl: string,
  { rounds }: { rounds: number },
): Promise<{ text: string; isHeld: boolean }> {
  const webhookSecret = randomBytes(16).toString('hex')
  const reference = await startReference('./throw-away.ts')
  const world = await ScriptedWorld.begin({ ELEVENLABS_WEBHOOK_SECRET: webhookSecret }, postgresUrl)
  try {
    const node = await world.startNode()
    const line = await talkingLine(world)
    const longest = new Map<string, number[]>()
    const load = { adminKey: world.adminKey, webhookSecret }
    for (let round = 0; round < rounds; round++) {
      await measure(longest, 'quiet', line, () => pause(QUIET_MS))
      for (const kind of KINDS) {
        const send = (origin: string) => () => work({ ...load, origin, kind, round })
        await measure(longest, thrownAway(kind), line, send(reference.origin))
        await measure(longest, kind, line, send(node.origin))
      }
    }
    line.stop()
    return report(longest)
  } finally {
    await reference.stop()
    await world.end()
  }
}

const thrownAway = (kind: Kind): string => `${kind}, thrown away`

async function work(workerData: StallsLoad): Promise<void> {
  const worker = new Worker(new URL('./stalls-load.ts', import.meta.url), { workerData })
  const [refused] = (await once(worker, 'message')) as [string | null]
  await worker.terminate()
  if (refused !== null) throw new Error(`${workerData.kind}: ${refused}`)
}

type Line = { delays: number[]; stop: () => void }

async function measure(
  longest: Map<string, number[]>,
  name: string,
  line: Line,
  act: () => Promise<unknown>,
) {
  line.delays.length = 0
  await act()
  await pause(500)
  longest.set(name, [...(longest.get(name) ?? []), Math.max(...line.delays)])
}

/** A call whose frames carry their number, and the time that each took to the agent, in milliseconds. */
async function talkingLine(world: ScriptedWorld): Promise<Line> {
  const sid = newSid('CA')
  const form = world.carrier.fieldsOf({ sid, from: '+15550100009', to: SERVICE_NUMBER })
  await world.carrier.post(`${world.node.origin}/webhooks/inbound`, form)
  const answer = await world.carrier.post(`${world.node.origin}/webhooks/status-callback`, form)
  const [verb] = parseTwiml(await answer.text())
  if (verb?.verb !== 'Connect') throw new Error('The call is not bridged.')
  const stream = await world.carrier.openStream(verb.stream.url)
  stream.start(sid, { token: verb.parameters.token ?? '' })
  const agent = await until('the agent is asked', () => world.vendor.conversations[0])
  agent.begin()
  await pause(500)

  const delays: number[] = []
  const sentAt = new Map<number, number>()
  agent.onMessage = (message) => {
    const chunk = message.user_audio_chunk
    if (typeof chunk !== 'string') return
    const number = Buffer.from(chunk, 'base64').readUInt32LE(0)
    delays.push(performance.now() - (sentAt.get(number) ?? Number.NaN))
    sentAt.delete(number)
  }
  let number = 0
  const speaking = setInterval(() => {
    const frame = Buffer.alloc(160, 0xff)
    frame.writeUInt32LE(++number, 0)
    sentAt.set(number, performance.now())
    stream.media(frame)
  }, FRAME_MS)
  return {
    delays,
    stop: () => {
      clearInterval(speaking)
      stream.stop()
    },
  }
}

function report(longest: Map<string, number[]>): { text: string; isHeld: boolean } {
  const median = (name: string) => quantile(longest.get(name) ?? [], 0.5)
  const row = (name: string, added = '') => [
    name,
    ...[0, 0.5, 1].map((share) => quantile(longest.get(name) ?? [], share).toFixed(1)),
    added,
  ]
  const added = (kind: Kind) => median(kind) - median(thrownAway(kind))
  const rows = KINDS.flatMap((kind) => [row(thrownAway(kind)), row(kind, added(kind).toFixed(1))])
  const isHeld = KINDS.every((kind) => added(kind) <= STALLS_GOAL.addedMs)
  const text = [
    "The longest delay of a caller's frames while somebody else sends a report of 30 MB, ten samples of 10 MB, and asks for lists",
    table(['', 'least ms', 'median ms', 'most ms', 'added ms'], [row('quiet'), ...rows]),
    `goal: at most ${STALLS_GOAL.addedMs} ms added: ${isHeld ? 'held' : 'MISSED'}`,
  ].join('\n')
  return { text, isHeld }
}
