import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceProcess } from '../../support/service-process.ts'
import type { SimulatedSip } from '../../support/simulated-sip/start-sip-network.ts'
import { untilSipIs } from '../../support/sip-servers.ts'
import type { World } from '../../support/world.ts'
import { FaultLog } from '../fault-log.ts'
import { Lateness, type Spread, spreadOf } from '../figures.ts'
import { type Leftovers, settle } from '../leftovers.ts'
import type { LoadBalancer } from '../load-balancer.ts'
import { Watch } from '../watch.ts'
import { bringToPlaces } from './bring-to-places.ts'
import { CallFollower } from './call-follower.ts'
import { judgedCalls } from './judged-calls.ts'
import type { OldVersion } from './old-version.ts'
import type { RollingOptions } from './options.ts'
import { countsOf, type JudgedCall } from './outcome.ts'
import { type Place, type RollingPlan, rollingPlan } from './plan.ts'
import type { RollingCall } from './rolling-call.ts'
import { SipRollingCall } from './sip-rolling-call.ts'
import { TwilioRollingCall } from './twilio-rolling-call.ts'

export const DRAIN_MS = 30_000
/** A process that leaves may take so long beyond its drain. */
const LEAVING_MS = 30_000
const BETWEEN_CALLS_MS = 150
/** From the first ring to the agent, all of them at once on a busy machine. */
const ALL_TALK_WITHIN_MS = 60_000
const TALKS_WITHIN_MS = 40_000
const ENDS_WITHIN_MS = 60_000
/** Before the old version is told to go, both take what the load balancer brings. */
const BOTH_SERVE_MS = 3_000
/** So long after the old version was told to go carrier and vendor go on, and new calls come. */
const GO_ON_AFTER_MS = 300
const CLONES_AFTER_MS = 6_000
/** A leg that its process lets go of is let go of as its time runs out. */
const END_OF_DRAIN_SLACK_MS = 2_000

type RollingOutcome = ReturnType<typeof countsOf> & {
  seed: number
  /** The commit of the old version. */
  from: string
  jobsLeft: number
  voicesLeft: number
  left: number
  /** From the end of a stream by the old version to the first sound of the next, in milliseconds. */
  heardAgain: Spread
  /** How long the new version took to start, its migrations included, and the old one to go. */
  startMs: number
  drainMs: number
  load: number
  late: { p99: number; max: number; isLate: boolean }
}

export type RollingResult = { outcome: RollingOutcome; calls: JudgedCall[]; leftovers: string[] }

type Parts = {
  options: RollingOptions
  world: World
  balancer: LoadBalancer
  sip: SimulatedSip
  old: OldVersion
  say: (line: string) => void
}

/** One update, from the first call at the old version to the last at the new one. */
export class RollingRun {
  readonly #parts: Parts
  readonly #calls: RollingCall[] = []
  readonly #follower: CallFollower
  readonly #led: Promise<void>[] = []
  readonly #heardAgain: number[] = []
  readonly #complaints: string[] = []
  readonly #toldToGo = Promise.withResolvers<void>()
  readonly #gone = Promise.withResolvers<void>()
  #watch: Watch<RollingCall> | null = null
  #toldAt = 0
  #startMs = 0
  #drainMs = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#follower = new CallFollower(parts.world.db, this.#calls)
  }

  async toTheEnd(): Promise<RollingResult> {
    const { world, options } = this.#parts
    const lateness = new Lateness()
    const leaving = await this.#begin()
    const faults = new FaultLog()
    const watch = new Watch({ world, faults, calls: this.#calls })
    this.#watch = watch
    await this.#update(leaving, rollingPlan(options))
    await Promise.all(this.#led)
    const late = lateness.stop()
    const leftovers = await settle({ world, watch, pool: { complaints: this.#complaints }, faults })
    leftovers.other.push(...this.#leftOfSip())
    await this.#follower.look()
    const drainedAt = this.#toldAt + DRAIN_MS - END_OF_DRAIN_SLACK_MS
    const calls = await judgedCalls(this.#calls, { db: world.db, watch, drainedAt })
    leftovers.other.push(...(await this.#close()))
    return {
      outcome: this.#outcomeOf(calls, leftovers, late),
      calls,
      leftovers: [...leftovers.jobs, ...leftovers.voices, ...leftovers.other],
    }
  }

  async abandon(): Promise<void> {
    const { world } = this.#parts
    await this.#watch?.stop()
    await Promise.all(world.nodes.map((node) => node.kill()))
    await world.close().catch(() => {})
  }

  /** The old version alone takes calls. */
  async #begin(): Promise<ServiceProcess> {
    const { world, balancer, old } = this.#parts
    const node = await world.startNode({}, old.main)
    await untilSipIs(node)
    balancer.add(node.origin)
    world.sendCallsTo(balancer.origin)
    world.carrier.number.voiceFallbackUrl = world.carrier.number.voiceUrl
    world.vendor.withholdClones = true
    return node
  }

  async #update(leaving: ServiceProcess, plans: readonly RollingPlan[]): Promise<void> {
    const at = (...places: Place[]) => plans.filter(({ place }) => places.includes(place))
    await this.#place(plans.filter(({ place }) => place !== 'greeting' && place !== 'arriving'))
    await this.#untilReady()
    await this.#place(at('greeting'))
    this.#parts.say(`${this.#calls.length} calls at the old version; the new one starts`)
    const asked = performance.now()
    await this.#startNew()
    this.#startMs = performance.now() - asked
    await sleep(BOTH_SERVE_MS)
    const letGo = await this.#tellToGo(leaving)
    await sleep(GO_ON_AFTER_MS)
    letGo()
    const leave = this.#leave(leaving)
    await this.#place(at('arriving'))
    await leave
  }

  async #place(plans: readonly RollingPlan[]): Promise<void> {
    for (const plan of plans) {
      this.#led.push(this.#lead(await this.#call(plan)))
      await sleep(BETWEEN_CALLS_MS)
    }
  }

  /** All that have called talk, or are on hold. */
  async #untilReady(): Promise<void> {
    const isReady = ({ plan, shown, isTalking }: RollingCall) =>
      plan.place === 'hold' ? shown === 'hold' : isTalking
    if (await this.#follower.until(() => this.#calls.every(isReady), ALL_TALK_WITHIN_MS)) return
    const others = this.#calls.filter((call) => !isReady(call))
    this.#parts.say(`Not all talk: ${others.map(describe).join(', ')}`)
  }

  async #startNew(): Promise<void> {
    const { world, balancer } = this.#parts
    const node = await world.startNode()
    await untilSipIs(node)
    balancer.add(node.origin)
  }

  /** The old version is told to go while its calls are in all places. Resolves with what lets these go on. */
  async #tellToGo(leaving: ServiceProcess): Promise<() => void> {
    const { world, say } = this.#parts
    const letGo = await bringToPlaces({ world, follower: this.#follower, calls: this.#calls })
    leaving.signal('SIGTERM')
    this.#toldAt = Date.now()
    say(`${this.#calls.filter(({ wasThere }) => wasThere).length} at their places; the old version drains`)
    this.#toldToGo.resolve()
    setTimeout(() => {
      world.vendor.withholdClones = false
    }, CLONES_AFTER_MS)
    return letGo
  }

  /** Resolves when the old version is gone. */
  async #leave(leaving: ServiceProcess): Promise<void> {
    const code = await Promise.race([leaving.exit(), sleep(DRAIN_MS + LEAVING_MS, 'not at all')])
    this.#drainMs = Date.now() - this.#toldAt
    if (code !== 0) this.#complaints.push(`the old version ended ${code}`)
    if (code === 'not at all') await leaving.kill()
    this.#parts.balancer.remove(leaving.origin)
    this.#gone.resolve()
  }

  async #call(plan: RollingPlan): Promise<RollingCall> {
    const { world, sip } = this.#parts
    const from = plan.place === 'hold' ? await world.newCallerWithVoice() : world.newCaller()
    const call =
      plan.carrier === 'twilio'
        ? new TwilioRollingCall(plan, from, world, this.#heardAgain)
        : new SipRollingCall(plan, from, world, sip)
    this.#calls.push(call)
    return call
  }

  /** Resolves when the call is over. */
  async #lead(call: RollingCall): Promise<void> {
    const { endsBy, outlives, afterMs } = call.plan
    const isOver = () => call.endedAt !== null
    await (outlives ? this.#gone : this.#toldToGo).promise
    if (endsBy !== 'place') {
      await sleep(afterMs)
      await this.#follower.until(() => isOver() || call.isTalking, TALKS_WITHIN_MS)
      if (!isOver() && !call.isTalking) call.giveUp(`it is ${call.shown} instead of talking`)
      else if (endsBy === 'caller') call.hangUp()
      else call.endByAgent()
    }
    await this.#follower.until(isOver, ENDS_WITHIN_MS)
    call.giveUp('the call is not ended')
  }

  #outcomeOf(
    calls: readonly JudgedCall[],
    { jobs, voices, other }: Leftovers,
    { load, ...late }: ReturnType<Lateness['stop']>,
  ): RollingOutcome {
    return {
      ...countsOf(calls),
      seed: this.#parts.options.seed,
      from: this.#parts.old.commit,
      jobsLeft: jobs.length,
      voicesLeft: voices.length,
      left: other.length,
      heardAgain: spreadOf(this.#heardAgain),
      startMs: Math.round(this.#startMs),
      drainMs: Math.round(this.#drainMs),
      load,
      late,
    }
  }

  #leftOfSip(): string[] {
    const { freeSwitch, drachtio } = this.#parts.sip
    return [
      ...[...freeSwitch.channels.keys()].map((channel) => `a channel in FreeSWITCH: ${channel}`),
      ...(drachtio.dialogCount > 0 ? [`${drachtio.dialogCount} dialogs in drachtio-server`] : []),
    ]
  }

  async #close(): Promise<string[]> {
    const { world, options } = this.#parts
    const left = await world.close()
    if (options.logs !== null) await keepLogs(options.logs, world.nodes)
    return left
  }
}

const describe = ({ plan, shown }: RollingCall): string =>
  `call ${plan.number} (${plan.place} over ${plan.carrier}) is ${shown}`

/** What the old version printed comes first. */
async function keepLogs(folder: string, nodes: readonly ServiceProcess[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [index, { output }] of nodes.entries())
    await writeFile(join(folder, index === 0 ? 'old.log' : 'new.log'), output)
}
