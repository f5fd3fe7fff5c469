import { writePcmWav } from '../../src/audio/wav.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { World } from '../support/world.ts'
import { quantile, table } from './figures.ts'

/*
 * How long a caller waits once the voice is there: from the vendor's answer to the clone request until the carrier has
 * the agent's first audio. The carrier is told by REST; carrier and vendor are simulated on this machine, in real time.
 */

export const JOIN_GOAL = { p99Ms: 400 } as const

const CLONE_MS = 1_500
/** Without the database's sweep, polls and moves in step: callers come a little apart. */
const APART_MS = 300

export async function benchJoin(postgresUrl: string, options: { calls: number }): Promise<string> {
  const settings = { DRAIN_SECONDS: '0.1', POLL_INTERVAL_SECONDS: '10' }
  const vendor = { cloneDelayMs: CLONE_MS, voiceLimit: options.calls + 1 }
  const world = await World.begin({ postgresUrl, settings, vendor, timeScale: 1 })
  try {
    const waits: number[] = []
    for (let call = 0; call < options.calls; call++) waits.push(await oneCall(world, call))
    return report(waits)
  } finally {
    await world.end()
  }
}

async function oneCall(world: World, index: number): Promise<number> {
  const from = `+1555020${String(index).padStart(4, '0')}`
  await world.giveVoice(from, sampleOf(index))
  const firstAudio = new Promise<number>((resolve) => {
    const forget = world.carrier.onTimeline(({ type }) => {
      if (type !== 'stream-audio') return
      forget()
      resolve(Date.now())
    })
  })
  const call = world.carrier.call({ from, caller: { hear: () => {}, nextFrame: () => null } })
  const heardAt = await firstAudio
  const waited = heardAt - newestClone(world.vendor)
  call.hangUp()
  await call.ended
  await new Promise((next) => setTimeout(next, APART_MS))
  return waited
}

function newestClone({ voices }: SimulatedElevenLabs): number {
  const made = [...voices.values()].filter(({ category }) => category === 'cloned')
  return Math.max(...made.map(({ createdAt }) => createdAt.getTime()))
}

/** A tone of its own for each caller: the same sample would be the same voice, and there would be nothing to wait for. */
function sampleOf(index: number): Buffer {
  const rate = 8_000
  const samples = Int16Array.from(
    { length: rate },
    (_, at) => 8_000 * Math.sin((at * (200 + index) * 2 * Math.PI) / rate),
  )
  return writePcmWav({ samples, rate })
}

function report(waits: number[]): string {
  const p99 = quantile(waits, 0.99)
  const figures = [0, 0.5, 0.99].map((share) => quantile(waits, share).toFixed(0))
  return [
    `From the clone being ready to the agent's first audio at the caller, ${waits.length} calls, moved by REST`,
    table(['', 'min ms', 'p50 ms', 'p99 ms'], [['ready to audio', ...figures]]),
    `goal: p99 <= ${JOIN_GOAL.p99Ms} ms: ${p99 <= JOIN_GOAL.p99Ms ? 'held' : 'MISSED'}`,
  ].join('\n')
}
