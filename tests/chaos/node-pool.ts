import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import type { World } from '../support/world.ts'
import type { Interruption } from './chaos-call.ts'
import type { FaultLog } from './fault-log.ts'
import type { LoadBalancer } from './load-balancer.ts'
import type { NodeFault } from './plan.ts'

type Of<Kind extends NodeFault['kind']> = Extract<NodeFault, { kind: Kind }>

/** From the end of a fault to a node that takes calls again, as operators expect it. */
const BACK_WITHIN_MS = 30_000
const DRAINED_WITHIN_MS = 30_000
const MOST_TOLD = 300
const HEALTH_TIMEOUT_MS = 2_000

/** The nodes, and what is done to them: one thing after the other, so that always another one lives. */
export class NodePool {
  /** What a node did that it should not, such as not coming back. */
  readonly complaints: string[] = []
  readonly #nodes: ServiceProcess[] = []
  #isClosed = false
  readonly #world: World
  readonly #balancer: LoadBalancer
  readonly #faults: FaultLog
  readonly #onInterruption: (by: Interruption, origin: string, since: number) => number

  constructor(parts: {
    world: World
    balancer: LoadBalancer
    faults: FaultLog
    /** A node is taken from its calls, since this moment of `performance.now()`; returns how many talk through it. */
    onInterruption: (by: Interruption, origin: string, since: number) => number
  }) {
    this.#world = parts.world
    this.#balancer = parts.balancer
    this.#faults = parts.faults
    this.#onInterruption = parts.onInterruption
  }

  /** Starts one more node and gives it to the load balancer. */
  async add(clockMs = 0): Promise<void> {
    const settings = { PUBLIC_URL: this.#balancer.origin, ...clockSettings(clockMs) }
    const node = await this.#world.startNode(settings)
    this.#nodes.push(node)
    this.#balancer.add(node.origin)
  }

  async suffer(fault: NodeFault): Promise<void> {
    const node = this.#nodes[Math.floor(fault.share * this.#nodes.length)] as ServiceProcess
    if (fault.kind === 'kill') await this.#kill(node, fault)
    else if (fault.kind === 'drain') await this.#drain(node, fault)
    else if (fault.kind === 'stop') await this.#stop(node, fault)
    else await this.#cut(node, fault)
  }

  /** Starts no node any more. */
  close(): void {
    this.#isClosed = true
  }

  async #kill(node: ServiceProcess, { deadMs, clockMs }: Of<'kill'>): Promise<void> {
    await this.#faults.during('kill', named(node, clockMs), async (fault) => {
      fault.detail += this.#interrupt('kill', node)
      await node.kill()
      await sleep(deadMs)
      await this.#start(node, clockMs)
      await this.#isBack(node)
    })
  }

  /** Whoever looks after nodes starts one again that did not come up, and so does this; that is told all the same. */
  async #start(node: ServiceProcess, clockMs: number): Promise<void> {
    if (this.#isClosed) return
    const again = async (error: Error) => {
      this.complaints.push(`${node.origin}: ${error.message.slice(-MOST_TOLD)}`)
      if (!this.#isClosed) await node.start(clockSettings(clockMs))
    }
    await node.start(clockSettings(clockMs)).catch(again)
  }

  /** As a rolling update: the new node first, and the old one goes when that takes calls. */
  async #drain(node: ServiceProcess, { clockMs }: Of<'drain'>): Promise<void> {
    await this.add(clockMs)
    await this.#faults.during('drain', named(node, clockMs), async (fault) => {
      fault.detail += this.#interrupt('drain', node)
      node.signal('SIGTERM')
      const code = await Promise.race([node.exit(), sleep(DRAINED_WITHIN_MS, 'not at all')])
      if (code !== 0) this.complaints.push(`a drained node ended ${code}: ${node.origin}`)
      this.#balancer.remove(node.origin)
      if (code === 'not at all') await node.kill()
    })
    this.#nodes.splice(this.#nodes.indexOf(node), 1)
  }

  async #stop(node: ServiceProcess, { forMs }: Of<'stop'>): Promise<void> {
    await this.#faults.during('stop', named(node), async (fault) => {
      fault.detail += this.#interrupt('stop', node)
      node.signal('SIGSTOP')
      await sleep(forMs)
      node.signal('SIGCONT')
      await this.#isBack(node)
    })
  }

  async #cut(node: ServiceProcess, { forMs, how, whom }: Of<'cut'>): Promise<void> {
    const cut = whom === 'all' ? [...this.#nodes] : [node]
    const names = cut.map(({ origin }) => origin).join(' ')
    await this.#faults.during(`cut-${how}`, `${whom === 'all' ? 'all: ' : ''}${names}`, async () => {
      for (const one of cut) this.#world.gateOf(one)[how]()
      await sleep(forMs)
      for (const one of cut) this.#world.gateOf(one).restore()
      for (const one of cut) await this.#isBack(one)
    })
  }

  #interrupt(by: Interruption, { origin }: ServiceProcess): string {
    return ` (${this.#onInterruption(by, origin, performance.now())} talking)`
  }

  async #isBack({ origin }: ServiceProcess): Promise<void> {
    const look = () => this.#balancer.isUp(origin)
    const [since, within] = [Date.now(), BACK_WITHIN_MS / 1000]
    await until('the node is up', look, undefined, BACK_WITHIN_MS).catch(async () => {
      const told = `after ${this.#faults.entries.at(-1)?.kind} at ${new Date(since).toISOString()}`
      this.complaints.push(`not back within ${within} s ${told}: ${origin} says ${await healthOf(origin)}`)
    })
  }
}

async function healthOf(origin: string): Promise<string> {
  const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS)
  return fetch(`${origin}/health`, { signal }).then(
    async (answer) => `${answer.status} ${await answer.text()}`,
    (error) => `nothing (${error.message})`,
  )
}

const named = ({ origin }: ServiceProcess, clockMs = 0) =>
  clockMs === 0 ? origin : `${origin}, then with a clock off by ${clockMs} ms`

/** Loaded before anything else of the process, so that all of it lives by the clock that is off. */
function clockSettings(offMs: number): Record<string, string> {
  if (offMs === 0) return { NODE_OPTIONS: '' }
  const preload = new URL('./shifted-clock.ts', import.meta.url)
  preload.searchParams.set('ms', `${offMs}`)
  return { NODE_OPTIONS: `--import ${preload.href}` }
}
