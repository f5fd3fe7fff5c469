import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { Clock } from '../runtime/clock.ts'
import type { ActorDefinition } from './actor-definition.ts'
import type { ActorStep, ActorStore, ActorTypes, Address, Delivery, TimerAddress } from './actor-store.ts'
import { ActorTimers } from './actor-timers.ts'
import { AnswerPending, deliverElsewhere } from './deliveries.ts'
import { named } from './named.ts'
import { ForeignActor, stepActor } from './take-step.ts'
import type { TimerEvent } from './timer-id.ts'

/** An actor as it stands after something was said to it. `handled` is false when that changed nothing. */
export type ActorNow<T extends ActorTypes> = { row: T['row']; view: Seen<T>; handled: boolean }

/** As it stood after its step number `seq`: of two views of one actor, the greater is the newer. */
export type Seen<T extends ActorTypes> = T['view'] & { seq: number }

/** What the host tells of each step, after it was committed: which number it has, and the actor as it was read for it. */
export type StepReport<T extends ActorTypes> = { row: T['row']; step: ActorStep<T>; seq: number }

export type ActorHostOptions<T extends ActorTypes> = {
  definition: ActorDefinition<T>
  store: ActorStore<T>
  clock: Clock
  log: Logger
  nodeId: string
  /** The first of these names by which a living process knows a chart; null, as by default, when none does. */
  findChart?: (names: string[]) => Promise<string | null>
  onStep?: (report: StepReport<T>) => void
  onIgnored?: (event: T['event']) => void
}

/**
 * The home of the actors of a kind. `send` is the one door: it commits the next state, the event, the timers and the effects before
 * it resolves, so whatever is answered was in the database first.
 */
export class ActorHost<T extends ActorTypes> {
  readonly #options: ActorHostOptions<T>
  readonly #timers: ActorTimers

  constructor(options: ActorHostOptions<T>) {
    const { clock, store, log, definition } = options
    this.#options = options
    this.#timers = new ActorTimers({
      clock,
      store,
      log,
      kind: definition.kind,
      fire: (timer) => this.#fire(timer),
    })
  }

  get kind(): string {
    return this.#options.definition.kind
  }

  get knownCharts(): readonly string[] {
    return this.#options.definition.charts.known
  }

  start(): void {
    this.#timers.start()
  }

  stop(): Promise<void> {
    return this.#timers.stop()
  }

  /** Takes up an actor whose first step was just written; one that was there already has no `step`, and is as it was read. */
  takeUp({ row, step }: { row: T['row']; step: ActorStep<T> | null }): ActorNow<T> {
    if (step) this.#committed(row, step, row.lastSeq)
    return { row, view: this.#viewOf(row), handled: step !== null }
  }

  /**
   * Says something to an actor; null when there is no such actor. Rejects with AnswerPending while a process that knows its chart
   * has not answered a question.
   */
  async send(
    address: Address<T>,
    event: T['event'],
    delivery: Pick<Delivery, 'eventId'> = {},
  ): Promise<ActorNow<T> | null> {
    const done = await this.#step(address, delivery, event)
    if (!done) return null
    if ('knownAs' in done) return this.#leaveToOthers(done, { event, ...delivery })
    const { row, step } = done
    if (!step) {
      this.#options.onIgnored?.(event)
      return { row, view: this.#viewOf(row), handled: false }
    }
    const seq = row.lastSeq + 1
    this.#committed(row, step, seq)
    return { row, view: { ...step.view, seq }, handled: true }
  }

  async find(address: Address<T>): Promise<{ row: T['row']; view: Seen<T> } | null> {
    const row = await this.#options.store.find(address)
    return row && { row, view: this.#viewOf(row) }
  }

  #viewOf(row: T['row']): Seen<T> {
    return { ...this.#options.definition.viewOfRow(row), seq: row.lastSeq }
  }

  async #fire({ id, timerId }: TimerAddress): Promise<boolean> {
    const event: TimerEvent = { type: timerId as TimerEvent['type'] }
    const done = await this.#step(id, { timerId }, event)
    // Whoever knows the chart finds it due, too.
    if (done && 'knownAs' in done) return false
    if (done?.step) this.#committed(done.row, done.step, done.row.lastSeq + 1)
    // Another node's chart may know better.
    else if (done && !done.repeated)
      throw new Error(`The chart does nothing at ${timerId} in the state of this ${this.kind}.`)
    return true
  }

  /** Resolves with the actor's id and the chart's name when a living process knows its chart, and this one does not. */
  async #step(address: Address<T>, delivery: Delivery, event: T['event'] | TimerEvent) {
    const { store, nodeId, findChart, definition } = this.#options
    const decide = (row: T['row'], isOrphan: boolean) => {
      const said = definition.addressed ? definition.addressed(event, address, row) : event
      return said && stepActor(definition, row, said, { isOrphan })
    }
    try {
      return await store.step(address, delivery, (row) => decide(row, false), nodeId)
    } catch (error) {
      if (!(error instanceof ForeignActor)) throw error
      const knownAs = (await findChart?.(definition.charts.namesElsewhere(error.chart))) ?? null
      if (knownAs !== null) return { id: error.id, knownAs }
      return store.step(address, delivery, (row) => decide(row, true), nodeId)
    }
  }

  /** Nobody who asks is told more than what is known, and what nobody would say again is delivered, now or later. */
  async #leaveToOthers(
    { id, knownAs }: { id: string; knownAs: string },
    { event, eventId = uuidv7() }: { event: T['event']; eventId?: string },
  ): Promise<ActorNow<T> | null> {
    const { store, definition } = this.#options
    const fate = await deliverElsewhere(store, knownAs, { kind: this.kind, id, event, eventId })
    if (fate === 'waiting' && definition.isQuestion(event))
      throw new AnswerPending(`Chart ${knownAs} decides what comes next, and has not yet.`)
    const row = await store.find(id)
    return row && { row, view: this.#viewOf(row), handled: fate !== 'ignored' }
  }

  #committed(row: T['row'], step: ActorStep<T>, seq: number): void {
    if (step.impasse === 'corrupt') this.#alarm(row)
    for (const timerId of step.timers.cancel) this.#timers.cancel({ id: row.id, timerId })
    for (const timer of step.timers.set) this.#timers.set({ id: row.id, ...timer })
    this.#options.onStep?.({ row, step, seq })
  }

  /** Once for each actor: from now on it is over. What was saved may hold a person's words, and is not told. */
  #alarm(row: T['row']): void {
    const restored = this.#options.definition.charts.read(row)
    const why = restored.is === 'corrupt' ? restored.why : 'unknown'
    this.#options.log.error(
      { ...named(this.kind, row.id), chart: row.chartVersion, why },
      `the saved state of a ${this.kind} cannot be read; the ${this.kind} is ended, and what was saved is set apart in its snapshot`,
    )
  }
}
