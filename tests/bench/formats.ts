import { quantile, table } from './figures.ts'
import type { FormatsLoad, Pairing } from './formats-load.ts'
import { serviceFlags } from './relay.ts'
import { Child } from './relay-child.ts'

/*
 * What it costs when carrier and agent do not write their audio alike, beside a call where they do. Each pairing has a
 * relay of its own, which is measured alone, in turns with the others.
 */

const PAIRINGS: readonly Pairing[] = [
  ...['ulaw_8000', 'pcm_8000', 'pcm_16000', 'pcm_24000', 'pcm_44100', 'pcm_48000'].map(
    (agentFormat): Pairing => ({ forkRate: null, agentFormat }),
  ),
  { forkRate: 8000, agentFormat: 'ulaw_8000' },
  { forkRate: 16_000, agentFormat: 'pcm_16000' },
  { forkRate: 8000, agentFormat: 'pcm_16000' },
  { forkRate: 16_000, agentFormat: 'pcm_24000' },
]

/** The first seconds belong to the compiler. */
const WARM_UP_SECONDS = 4

type Run = { cpuMs: number; lost: number; p50Ms: number; p99Ms: number }

export async function benchFormats(options: {
  calls: number
  seconds: number
  rounds: number
}): Promise<string> {
  const subjects: Subject[] = []
  try {
    for (const pairing of PAIRINGS) subjects.push(await Subject.open(pairing, options.calls))
    for (const subject of subjects) await subject.measure(WARM_UP_SECONDS)
    for (let round = 0; round < options.rounds; round++) {
      for (const subject of subjects) subject.runs.push(await subject.measure(options.seconds))
    }
    return report(subjects)
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()))
  }
}

class Subject {
  readonly pairing: Pairing
  readonly runs: Run[] = []
  readonly #calls: number
  readonly #load: Child
  readonly #relay: Child

  private constructor(pairing: Pairing, calls: number, children: { load: Child; relay: Child }) {
    this.pairing = pairing
    this.#calls = calls
    this.#load = children.load
    this.#relay = children.relay
  }

  static async open(pairing: Pairing, calls: number): Promise<Subject> {
    const load = new Child('./formats-load.ts')
    const relay = new Child('./relay-server.ts', [await load.ask<string>('listen')], serviceFlags())
    const { host } = new URL(await relay.ask<string>('listen'))
    await load.ask('open', { url: `ws://${host}`, calls, ...pairing })
    return new Subject(pairing, calls, { load, relay })
  }

  async measure(seconds: number): Promise<Run> {
    const before = await this.#relay.ask<number>('cpu')
    const { sent, received, delaysMs } = await this.#load.ask<FormatsLoad>('speak', { seconds })
    const used = (await this.#relay.ask<number>('cpu')) - before
    return {
      cpuMs: used / (this.#calls * seconds),
      lost: sent - received,
      p50Ms: quantile(delaysMs, 0.5),
      p99Ms: quantile(delaysMs, 0.99),
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#load.stop(), this.#relay.stop()])
  }
}

function report(subjects: Subject[]): string {
  const median = ({ runs }: Subject, of: (run: Run) => number) => quantile(runs.map(of), 0.5)
  const [spliced] = subjects
  const least = spliced ? median(spliced, (run) => run.cpuMs) : Number.NaN
  return table(
    ['carrier', 'agent', 'cpu ms per call-second', 'more than spliced', 'delay p50, ms', 'p99', 'lost'],
    subjects.map((subject) => [
      subject.pairing.forkRate ? `FreeSWITCH, ${subject.pairing.forkRate} Hz` : 'Twilio',
      subject.pairing.agentFormat,
      median(subject, (run) => run.cpuMs).toFixed(2),
      (median(subject, (run) => run.cpuMs) - least).toFixed(2),
      median(subject, (run) => run.p50Ms).toFixed(2),
      median(subject, (run) => run.p99Ms).toFixed(2),
      `${subject.runs.reduce((sum, { lost }) => sum + lost, 0)}`,
    ]),
  )
}
