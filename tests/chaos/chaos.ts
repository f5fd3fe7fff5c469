import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { World } from '../support/world.ts'
import { ChaosCall, type HeardAgain, type Interruption } from './chaos-call.ts'
import { beginWorld } from './chaos-world.ts'
import { FaultLog } from './fault-log.ts'
import { Lateness } from './figures.ts'
import { type Finding, findingsOf } from './findings.ts'
import { inLane } from './lane.ts'
import { settle } from './leftovers.ts'
import { LoadBalancer } from './load-balancer.ts'
import { NodePool } from './node-pool.ts'
import type { ChaosOptions } from './options.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { type Plan, planOf } from './plan.ts'
import { PlanClock } from './plan-clock.ts'
import { Watch } from './watch.ts'
import { suffer } from './world-faults.ts'

export type Result = { outcome: Outcome; findings: Finding[]; leftovers: string[]; faults: FaultLog }
type Say = (line: string) => void

/**
 * Runs the whole plan against real processes on this PostgreSQL, and tells what became of everybody. Rejects when the run
 * itself fails or is `stopped`; no process is left in either case.
 */
export async function runChaos(
  options: ChaosOptions,
  { postgresUrl, say, stopped }: { postgresUrl: string; say: Say; stopped: AbortSignal },
): Promise<Result> {
  const plan = planOf(options)
  const balancer = await LoadBalancer.open(options.lookMs)
  const world = await beginWorld(options, postgresUrl)
  const run = new ChaosRun({ options, plan, balancer, world, say })
  try {
    return await Promise.race([run.toTheEnd(), rejectedWhen(stopped)])
  } catch (error) {
    await run.abandon()
    throw error
  } finally {
    await balancer.close()
  }
}

function rejectedWhen(stopped: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (stopped.aborted) reject(stopped.reason)
    stopped.addEventListener('abort', () => reject(stopped.reason))
  })
}

/** One run, from the first node to the last figure. */
class ChaosRun {
  readonly #options: ChaosOptions
  readonly #plan: Plan
  readonly #balancer: LoadBalancer
  readonly #world: World
  readonly #say: Say
  readonly #calls: ChaosCall[] = []
  readonly #faults = new FaultLog()
  readonly #heardAgain: HeardAgain = { kill: [], stop: [], drain: [] }
  readonly #pool: NodePool
  #watch: Watch<ChaosCall> | null = null
  /** How long this machine takes to start a node. */
  #startMs = 0
  #voices: string[] = []
  #strangers: string[] = []

  constructor(parts: { options: ChaosOptions; plan: Plan; balancer: LoadBalancer; world: World; say: Say }) {
    this.#options = parts.options
    this.#plan = parts.plan
    this.#balancer = parts.balancer
    this.#world = parts.world
    this.#say = parts.say
    const { world, balancer } = parts
    const onInterruption = (by: Interruption, origin: string, since: number) =>
      this.#interrupt(by, origin, since)
    this.#pool = new NodePool({ world, balancer, faults: this.#faults, onInterruption })
  }

  async toTheEnd(): Promise<Result> {
    await this.#open()
    const [began, lateness] = [performance.now(), new Lateness()]
    const watch = new Watch({ world: this.#world, faults: this.#faults, calls: this.#calls })
    this.#watch = watch
    await this.#live()
    const late = lateness.stop()
    const seconds = Math.round((performance.now() - began) / 1000)
    this.#say(`all calls are over after ${seconds} s; looking at what is left`)
    const leftovers = await settle({ world: this.#world, watch, pool: this.#pool, faults: this.#faults })
    const scene = { world: this.#world, faults: this.#faults, calls: this.#calls }
    const findings = await findingsOf(scene, watch)
    leftovers.other.push(...(await this.#close()))
    return {
      outcome: outcomeOf({
        seed: this.#options.seed,
        calls: this.#calls.length,
        findings,
        leftovers,
        faults: this.#faults,
        heardAgain: this.#heardAgain,
        late: { ...late, seconds },
      }),
      findings,
      leftovers: [...leftovers.jobs, ...leftovers.voices, ...leftovers.other],
      faults: this.#faults,
    }
  }

  /** Ends every process of the run; nobody else would end those that hang or are held. */
  async abandon(): Promise<void> {
    this.#pool.close()
    await this.#watch?.stop()
    await Promise.all(this.#world.nodes.map((node) => node.kill()))
    await this.#world.close().catch(() => {})
  }

  async #open(): Promise<void> {
    const { carrier } = this.#world
    const asked = performance.now()
    await Promise.all(Array.from({ length: this.#options.nodes }, () => this.#pool.add()))
    this.#startMs = performance.now() - asked
    this.#world.sendCallsTo(this.#balancer.origin)
    carrier.number.voiceFallbackUrl = carrier.number.voiceUrl
    this.#strangers = Array.from({ length: 50 }, () => this.#world.newCaller())
    for (let voice = 0; voice < this.#plan.voices; voice++)
      this.#voices.push(await this.#world.newCallerWithVoice())
  }

  /** Resolves when every planned call is over. Faults end with the calls: they would meet nobody. */
  async #live(): Promise<void> {
    const over = new AbortController()
    const clock = new PlanClock(this.#plan.durationMs, this.#startMs)
    const lanes = Promise.all(this.#lanes(clock, over.signal))
    const calls = this.#placeAll(clock, over.signal)
    try {
      await Promise.race([calls, lanes.then(() => calls)])
    } finally {
      over.abort()
      clock.stop()
    }
    await lanes
  }

  async #placeAll(clock: PlanClock, signal: AbortSignal): Promise<void> {
    for (const call of this.#plan.calls) {
      if (await clock.until(call.atMs, signal)) this.#place(call)
    }
    await Promise.all(this.#calls.map(({ line }) => line.ended))
  }

  #lanes(clock: PlanClock, signal: AbortSignal): Promise<void>[] {
    const { nodeFaults, worldFaults } = this.#plan
    const scene = { world: this.#world, faults: this.#faults, calls: this.#calls }
    const ofNodes = inLane(nodeFaults, {
      clock,
      signal,
      act: (fault) => this.#pool.suffer(fault),
      onNext: (atMs) => {
        clock.nextNodeFaultMs = atMs
      },
    })
    const ofWorld = (['vendor', 'carrier', 'database'] as const).map((name) =>
      inLane(
        worldFaults.filter(({ lane }) => lane === name),
        { clock, signal, act: (fault) => suffer(scene, fault) },
      ),
    )
    return [ofNodes, ...ofWorld]
  }

  #place(plan: Plan['calls'][number]): void {
    const from =
      plan.voice === null ? this.#strangers[plan.number % this.#strangers.length] : this.#voices[plan.voice]
    if (!from) throw new Error(`Call ${plan.number} of the plan has no caller.`)
    const { carrier, vendor } = this.#world
    const { timeScale } = this.#options
    this.#calls.push(new ChaosCall(plan, { carrier, vendor, from, heardAgain: this.#heardAgain, timeScale }))
    if (plan.number % 100 === 0) this.#say(`${plan.number} calls, ${JSON.stringify(this.#faults.counts)}`)
  }

  /** Tells the calls, and returns how many of them talk through that node. */
  #interrupt(by: Interruption, origin: string, since: number): number {
    const live = this.#calls.filter(({ endedAt }) => endedAt === null)
    const theirs = live.filter(({ callId }) => callId !== null && this.#balancer.nodeOf(callId) === origin)
    for (const call of theirs) call.interrupted(by, since)
    if (by === 'kill') for (const call of live) call.nodeKilled()
    return theirs.filter(({ isTalking }) => isTalking).length
  }

  async #close(): Promise<string[]> {
    const left = await this.#world.close()
    const { logs } = this.#options
    if (logs) await this.#keepLogs(logs)
    return left
  }

  async #keepLogs(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true })
    const faults = this.#faults.entries.map((fault) => `${JSON.stringify(fault)}\n`)
    await writeFile(join(folder, 'faults.jsonl'), faults.join(''))
    for (const { origin, output } of this.#world.nodes)
      await writeFile(join(folder, `${new URL(origin).port}.log`), output)
  }
}
