import { UsageError } from '../../src/commands/command.ts'
import { SeededRandom } from '../chaos/seeded-random.ts'
import { ScriptedWorld } from '../support/scripted-world.ts'
import { sipServers, untilSipIs } from '../support/sip-servers.ts'
import type { FuzzOptions } from './options.ts'
import { READER_TARGETS } from './reader-targets.ts'
import {
  type Answers,
  errorsIn,
  type FuzzWorld,
  SERVICE_TARGETS,
  serviceTargets,
  stillAnswers,
} from './service-targets.ts'
import type { Fault, Finding, Target } from './target.ts'

/** The one line of JSON that a run ends with. */
export type FuzzOutcome = {
  seed: number
  cases: number
  crashes: number
  serverErrors: number
  hangs: number
  /** Errors that the service wrote into its log. */
  logged: number
  seconds: number
  answers: Answers
  targets: Record<string, { cases: number; findings: number; seconds: number }>
}

/** So many are told; more would only say the same. */
const MOST_FINDINGS = 50

const SETTINGS = {
  LOG_LEVEL: 'error',
  SIP_TRUNKS: '127.1.0.0/16',
  SIP_USERS: 'alice:correct-horse-battery',
  // Calls that nobody ends would take all places.
  MAX_CONCURRENT_CALLS: '2000',
}

/** Sends every target its share of odd input. Resolves with what came of it; rejects when the service does not start or stop. */
export async function runFuzz(
  options: FuzzOptions,
  { postgresUrl, say }: { postgresUrl?: string; say: (line: string) => void },
): Promise<{ outcome: FuzzOutcome; findings: Finding[] }> {
  const run = new Run(options, say)
  const needsService = options.only === null || [...options.only].some((name) => !READERS.has(name))
  await run.all(READER_TARGETS)
  if (needsService) await onService(run, postgresUrl)
  run.requireKnown()
  return { outcome: run.outcome(), findings: run.findings }
}

const READERS = new Set(READER_TARGETS.map(({ name }) => name))
/** The shares are of all targets, whichever are run. */
const ALL_WEIGHTS = [...READER_TARGETS, ...Object.values(SERVICE_TARGETS)].reduce(
  (sum, { weight }) => sum + weight,
  0,
)

async function onService(run: Run, postgresUrl: string | undefined): Promise<void> {
  const sip = await sipServers()
  const world = await ScriptedWorld.begin({ ...sip.settings, ...SETTINGS }, postgresUrl)
  try {
    await world.startNode()
    await untilSipIs(world.node)
    const description = (await (await world.admin('/openapi.json')).json()) as FuzzWorld['description']
    const fuzzed = { world, sip, description }
    await run.all(serviceTargets(fuzzed, run.answers), () => world.node.ended)
    if (world.node.ended === null) await stillAnswers(fuzzed).catch((error) => run.crashed(`${error}`))
    for (const line of errorsIn(world.node.output)) run.logged(line)
  } finally {
    await world.end().catch((error) => run.crashed((error as Error).message))
    await sip.stop()
  }
}

class Run {
  readonly findings: Finding[] = []
  readonly answers: Answers = {}
  readonly #options: FuzzOptions
  readonly #say: (line: string) => void
  readonly #targets: FuzzOutcome['targets'] = {}
  readonly #begun = performance.now()
  #logged = 0

  constructor(options: FuzzOptions, say: (line: string) => void) {
    this.#options = options
    this.#say = say
  }

  /** Each target in turn; `end` tells that the process is gone that they speak to. */
  async all(targets: readonly Target[], end: () => unknown = () => null): Promise<void> {
    for (const target of targets) {
      if (this.#options.only && !this.#options.only.has(target.name)) continue
      await this.#target(target, end)
      const gone = end()
      if (gone !== null) return this.crashed(`The service ended with ${gone} under ${target.name}.`)
    }
  }

  async #target(target: Target, end: () => unknown): Promise<void> {
    const begun = performance.now()
    const before = this.findings.length
    const { case: only } = this.#options
    const last = only === null ? this.#shareOf(target) : only + 1
    const until = begun + this.#longestMs
    let next = only ?? 0
    const work = async () => {
      while (next < last && performance.now() < until && end() === null) await this.#case(target, next++)
    }
    await Promise.all(Array.from({ length: target.width }, work))
    const seconds = Math.round(performance.now() - begun) / 1000
    const findings = this.findings.length - before
    this.#targets[target.name] = { cases: next - (only ?? 0), findings, seconds }
    this.#say(`${target.name}: ${next - (only ?? 0)} cases in ${seconds} s, ${findings} findings`)
  }

  get #longestMs(): number {
    const { seconds } = this.#options
    return seconds === null ? Number.POSITIVE_INFINITY : seconds * 1_000
  }

  #shareOf({ weight }: Target): number {
    const { only, cases, seconds } = this.#options
    if (seconds !== null) return Number.POSITIVE_INFINITY
    return Math.ceil((cases * weight) / (only?.size === 1 ? weight : ALL_WEIGHTS))
  }

  async #case(target: Target, index: number): Promise<void> {
    const random = new SeededRandom(this.#options.seed).fork(`${target.name} ${index}`)
    const fault = await Promise.resolve()
      .then(() => target.run(random))
      .catch((error: Error): Fault => ({ what: 'crash', detail: error.stack ?? `${error}`, input: '' }))
    if (fault) this.#found({ target: target.name, case: index, ...fault })
  }

  crashed(detail: string): void {
    this.#found({ target: 'service', case: 0, what: 'crash', detail, input: '' })
  }

  logged(line: string): void {
    this.#logged++
    if (this.#logged <= MOST_FINDINGS) this.#say(`LOGGED ${line}`)
  }

  #found(finding: Finding): void {
    this.findings.push(finding)
    if (this.findings.length <= MOST_FINDINGS) this.#say(`FOUND ${JSON.stringify(finding)}`)
  }

  /** A name that no target has would be a run of nothing. */
  requireKnown(): void {
    const missing = [...(this.#options.only ?? [])].filter((name) => !(name in this.#targets))
    if (missing.length > 0) throw new UsageError(`--only: there is no target ${missing.join(', ')}.`)
  }

  outcome(): FuzzOutcome {
    const count = (what: Finding['what']) => this.findings.filter((each) => each.what === what).length
    return {
      seed: this.#options.seed,
      cases: Object.values(this.#targets).reduce((sum, { cases }) => sum + cases, 0),
      crashes: count('crash'),
      serverErrors: count('serverError'),
      hangs: count('hang'),
      logged: this.#logged,
      seconds: Math.round((performance.now() - this.#begun) / 100) / 10,
      answers: this.answers,
      targets: this.#targets,
    }
  }
}
