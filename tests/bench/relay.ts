import manifest from '../../package.json' with { type: 'json' }
import { Child } from './relay-child.ts'
import type { LoadResult } from './relay-load.ts'

/*
 * What the relay costs beside a bare `ws` pipe. Three processes, so that each one’s processor time is its own; the two
 * that are measured take turns, so that whatever else the machine does falls on both.
 */

export const RELAY_GOALS = { cpuRatio: 1.25, framesLost: 0, p99Ratio: 1.5 } as const

/** The first seconds belong to the compiler. */
const WARM_UP_SECONDS = 5

export type RelayBenchOptions = { calls: number; seconds: number; rounds: number }

export type RelayRun = {
  /** Processor milliseconds for one second of one call, both directions. */
  cpuMsPerCallSecond: number
  framesSent: number
  framesLost: number
  disordered: number
  p50Ms: number
  p99Ms: number
}

export type RelayBenchResult = {
  relay: RelayRun
  pipe: RelayRun
  cpuRatio: number
  p50Ratio: number
  p99Ratio: number
}

type Round = { relay: RelayRun; pipe: RelayRun }

/** Medians of all rounds; frames lost are summed. `onRound` is told of each round as it ends. */
export async function benchRelay(
  { calls, seconds, rounds }: RelayBenchOptions,
  onRound: (round: Round) => void = () => {},
): Promise<RelayBenchResult> {
  const load = new Child('./relay-load.ts')
  const agents = await load.ask<string>('listen')
  const children = {
    relay: new Child('./relay-server.ts', [agents], serviceFlags()),
    pipe: new Child('./relay-pipe.ts', [agents]),
  }
  try {
    const relay = await openCalls(load, children.relay, calls)
    const pipe = await openCalls(load, children.pipe, calls)
    for (const measure of [relay, pipe]) await measure(WARM_UP_SECONDS)
    const done: Round[] = []
    for (let round = 0; round < rounds; round++) {
      const run = { pipe: await pipe(seconds), relay: await relay(seconds) }
      done.push(run)
      onRound(run)
    }
    return summary(done)
  } finally {
    await Promise.all([load, children.relay, children.pipe].map((child) => child.stop()))
  }
}

/** What `npm start` gives Node: the relay is measured as it is run. The pipe runs as Node comes. */
export const serviceFlags = (): string[] => manifest.scripts.start.match(/--\S+/g) ?? []

/** Opens the calls through one of the measured; returns what lets them speak and measures it. */
async function openCalls(
  load: Child,
  subject: Child,
  calls: number,
): Promise<(seconds: number) => Promise<RelayRun>> {
  const url = await subject.ask<string>('listen')
  await load.ask('open', { url, calls })
  return async (seconds) => {
    const before = await subject.ask<number>('cpu')
    const { sent, received, disordered, delaysMs } = await load.ask<LoadResult>('speak', { url, seconds })
    const used = (await subject.ask<number>('cpu')) - before
    const delays = delaysMs.sort((a, b) => a - b)
    return {
      cpuMsPerCallSecond: used / (calls * seconds),
      framesSent: sent,
      framesLost: sent - received,
      disordered,
      p50Ms: quantile(delays, 0.5),
      p99Ms: quantile(delays, 0.99),
    }
  }
}

function summary(runs: Round[]): RelayBenchResult {
  const median = (of: (run: Round) => number) =>
    quantile(
      runs.map(of).sort((a, b) => a - b),
      0.5,
    )
  const sum = (of: (run: Round) => number) => runs.reduce((total, run) => total + of(run), 0)
  const side = (name: 'relay' | 'pipe'): RelayRun => ({
    cpuMsPerCallSecond: median((run) => run[name].cpuMsPerCallSecond),
    framesSent: sum((run) => run[name].framesSent),
    framesLost: sum((run) => run[name].framesLost),
    disordered: sum((run) => run[name].disordered),
    p50Ms: median((run) => run[name].p50Ms),
    p99Ms: median((run) => run[name].p99Ms),
  })
  return {
    relay: side('relay'),
    pipe: side('pipe'),
    cpuRatio: median(({ relay, pipe }) => relay.cpuMsPerCallSecond / pipe.cpuMsPerCallSecond),
    p50Ratio: median(({ relay, pipe }) => relay.p50Ms / pipe.p50Ms),
    p99Ratio: median(({ relay, pipe }) => relay.p99Ms / pipe.p99Ms),
  }
}

const quantile = (sorted: number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** The result as lines of a table. */
export function relayTable({ relay, pipe, cpuRatio, p50Ratio, p99Ratio }: RelayBenchResult): string {
  const row = (...cells: string[]) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(12))).join('')
  const figure = (value: number) => value.toFixed(3)
  const { cpuRatio: cpuGoal, p99Ratio: p99Goal } = RELAY_GOALS
  return [
    row('', 'relay', 'ws pipe', 'ratio', 'goal'),
    row(
      'cpu ms per call-second',
      figure(relay.cpuMsPerCallSecond),
      figure(pipe.cpuMsPerCallSecond),
      figure(cpuRatio),
      `<= ${cpuGoal}`,
    ),
    row('delay p50, ms', figure(relay.p50Ms), figure(pipe.p50Ms), figure(p50Ratio), ''),
    row('delay p99, ms', figure(relay.p99Ms), figure(pipe.p99Ms), figure(p99Ratio), `<= ${p99Goal}`),
    row('frames sent', `${relay.framesSent}`, `${pipe.framesSent}`, '', ''),
    row('frames lost', `${relay.framesLost}`, `${pipe.framesLost}`, '', '0'),
    row('frames out of order', `${relay.disordered}`, `${pipe.disordered}`, '', '0'),
  ].join('\n')
}

if (import.meta.main) {
  const [seconds = 4, rounds = 10] = process.argv.slice(2).map(Number)
  const result = await benchRelay({ calls: 100, seconds, rounds }, ({ relay, pipe }) => {
    const line = (run: RelayRun) => `${run.cpuMsPerCallSecond.toFixed(3)} ms, p99 ${run.p99Ms.toFixed(2)} ms`
    process.stdout.write(`relay ${line(relay)}   pipe ${line(pipe)}\n`)
  })
  process.stdout.write(`${relayTable(result)}\n`)
}
