import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { CallEvent, CallLimits, VoiceEvent } from '../../machines/call-events.ts'
import type { EndReason } from '../../machines/end-reasons.ts'
import type { CallView } from '../../machines/instructions.ts'
import type { TimerEvent } from '../actors/timer-id.ts'
import type { Clock } from '../runtime/clock.ts'
import { deliverElsewhere } from './deliver-elsewhere.ts'
import { AnswerPending, type Provider } from './ports.ts'
import { viewOfRow } from './retire.ts'
import { namesElsewhere, readSaved } from './saved-call.ts'
import { beginCall, ForeignCall, stepCall } from './step.ts'
import type { CallAddress, CallRow, CallStore, Delivery, NewCall, Step, TimerAddress } from './store.ts'
import { CallTimers } from './timers.ts'

/** A call as it stands after something was said to it. `handled` is false when that changed nothing. */
export type CallNow = { row: CallRow; view: CallView; handled: boolean }

/** Who says these waits for an answer, and says the same again when there is none. */
const QUESTIONS: readonly CallEvent['type'][] = [
  'leg.instructionsRequested',
  'leg.streamEnded',
  'media.joined',
]

/** What the host tells of each step, after it was committed: which number it has, and the call as it was read for it. */
export type StepReport = { row: CallRow; step: Step; seq: number }

export type CallHostOptions = {
  store: CallStore
  clock: Clock
  log: Logger
  nodeId: string
  limits: CallLimits
  maxConcurrentCalls: number
  /** Whether this node takes no new calls of this carrier. */
  isDraining: (provider: Provider) => boolean
  /** The first of these names by which a living process knows a chart; null, as by default, when none does. */
  findChart?: (names: string[]) => Promise<string | null>
  onStep?: (report: StepReport) => void
  onIgnored?: (event: CallEvent) => void
}

/**
 * The home of the call actors. `send` is the one door: it commits the next state, the event, the timers and the effects
 * before it resolves, so whatever a carrier is answered was in the database first.
 */
export class CallHost {
  readonly #options: CallHostOptions
  readonly #timers: CallTimers

  constructor(options: CallHostOptions) {
    this.#options = options
    this.#timers = new CallTimers(options.clock, options.store, (timer) => this.#fire(timer), options.log)
  }

  start(): void {
    this.#timers.start()
  }

  stop(): Promise<void> {
    return this.#timers.stop()
  }

  /** Begins the call, or finds the one that this carrier announced before. */
  async open(call: Omit<NewCall, 'id' | 'mediaSecret'>): Promise<CallNow & { created: boolean }> {
    const { store, nodeId, maxConcurrentCalls: capacity } = this.#options
    const fresh = { ...call, id: uuidv7(), mediaSecret: randomBytes(24).toString('base64url') }
    const { row, created, step } = await store.open(
      fresh,
      ({ voice, liveCalls }) => {
        const input = {
          admission: this.#admit(call.provider, liveCalls),
          voice,
          limits: this.#options.limits,
        }
        return beginCall(fresh.id, input)
      },
      { nodeId, capacity },
    )
    if (step) this.#committed(row, step, row.lastSeq)
    return { row, view: viewOfRow(row), handled: created, created }
  }

  /**
   * Says something to a call; null when there is no such call. Rejects with AnswerPending while a process that knows the
   * call's chart has not answered.
   */
  async send(
    address: CallAddress,
    event: CallEvent,
    delivery: Pick<Delivery, 'eventId'> = {},
  ): Promise<CallNow | null> {
    const done = await this.#step(address, delivery, event)
    if (!done) return null
    if ('knownAs' in done) return this.#leaveToOthers(done, { event, ...delivery })
    const { row, step } = done
    if (!step) {
      this.#options.onIgnored?.(event)
      return { row, view: viewOfRow(row), handled: false }
    }
    this.#committed(row, step, row.lastSeq + 1)
    return { row, view: { ...step.view, seq: row.lastSeq + 1 }, handled: true }
  }

  async find(address: CallAddress): Promise<{ row: CallRow; view: CallView } | null> {
    const row = await this.#options.store.find(address)
    return row && { row, view: viewOfRow(row) }
  }

  /** Tells every live call that waits for these samples how the clone went. */
  async announceVoice(sampleKey: string, event: VoiceEvent): Promise<void> {
    const calls = await this.#options.store.liveCallsWith(sampleKey)
    await Promise.all(calls.map((callId) => this.send({ callId }, event)))
  }

  /** Joins a media stream that presents the token of the call's present bridge; says why not otherwise. */
  async join(claim: {
    callId: string
    providerCallId: string
    token: string | null
  }): Promise<{ bridgeNumber: number; view: CallView } | { refused: string }> {
    const found = await this.find({ callId: claim.callId })
    if (!found) return { refused: 'unknown call' }
    if (found.row.providerCallId !== claim.providerCallId) return { refused: 'the stream is of another call' }
    const { bridgeNumber } = found.view.context
    if (!claim.token || !isSame(claim.token, streamToken(found.row, bridgeNumber))) {
      return { refused: 'the token is wrong or of an earlier bridge' }
    }
    const joined = await this.send(claim, { type: 'media.joined', bridgeNumber, node: this.#options.nodeId })
    return joined?.handled ? { bridgeNumber, view: joined.view } : { refused: 'the token was used before' }
  }

  #admit(
    provider: Provider,
    liveCalls: number,
  ): 'accepted' | Extract<EndReason, 'capacity_full' | 'draining'> {
    if (this.#options.isDraining(provider)) return 'draining'
    return liveCalls >= this.#options.maxConcurrentCalls ? 'capacity_full' : 'accepted'
  }

  async #fire({ callId, timerId }: TimerAddress): Promise<boolean> {
    const event: TimerEvent = { type: timerId as TimerEvent['type'] }
    const done = await this.#step({ callId }, { timerId }, event)
    // Whoever knows the chart finds it due, too.
    if (done && 'knownAs' in done) return false
    if (done?.step) this.#committed(done.row, done.step, done.row.lastSeq + 1)
    // Another node's chart may know better.
    else if (done && !done.repeated)
      throw new Error(`The chart does nothing at ${timerId} in the call's state.`)
    return true
  }

  /** Resolves with the call's id and the chart's name when a living process knows the chart of the call, and this one does not. */
  async #step(address: CallAddress, delivery: Delivery, event: CallEvent | TimerEvent) {
    const { store, nodeId, findChart } = this.#options
    try {
      return await store.step(address, delivery, (row) => stepCall(row, event), nodeId)
    } catch (error) {
      if (!(error instanceof ForeignCall)) throw error
      const knownAs = (await findChart?.(namesElsewhere(error.chart))) ?? null
      if (knownAs !== null) return { callId: error.callId, knownAs }
      return store.step(address, delivery, (row) => stepCall(row, event, { isOrphan: true }), nodeId)
    }
  }

  /** Nobody who asks is told more than what is known, and what nobody would say again is delivered, now or later. */
  async #leaveToOthers(
    { callId, knownAs }: { callId: string; knownAs: string },
    { event, eventId = uuidv7() }: { event: CallEvent; eventId?: string },
  ): Promise<CallNow | null> {
    const { store } = this.#options
    const fate = await deliverElsewhere(store, knownAs, { callId, event, eventId })
    if (fate === 'waiting' && QUESTIONS.includes(event.type))
      throw new AnswerPending(`Chart ${knownAs} decides what comes next, and has not yet.`)
    const row = await store.find({ callId })
    return row && { row, view: viewOfRow(row), handled: fate !== 'ignored' }
  }

  #committed(row: CallRow, step: Step, seq: number): void {
    if (step.end?.reason === 'snapshot_corrupt') this.#alarm(row)
    for (const timerId of step.timers.cancel) this.#timers.cancel({ callId: row.id, timerId })
    for (const timer of step.timers.set) this.#timers.set({ callId: row.id, ...timer })
    this.#options.onStep?.({ row, step, seq })
  }

  /** Once for each call: from now on it is over. What was saved may hold a caller's words, and is not told. */
  #alarm(row: CallRow): void {
    const restored = readSaved(row)
    const why = restored.is === 'corrupt' ? restored.why : 'unknown'
    this.#options.log.error(
      { callId: row.id, chart: row.chartVersion, why },
      'the saved state of a call cannot be read; the call is ended, and what was saved is set apart in its snapshot',
    )
  }
}

/** The single-use token of one bridge of one call; the chart takes each bridgeNumber once. */
export function streamToken(row: Pick<CallRow, 'mediaSecret' | 'id'>, bridgeNumber: number): string {
  return createHmac('sha256', row.mediaSecret).update(`${row.id}.${bridgeNumber}`).digest('base64url')
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
