import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { CallEvent, CallInput, CallLimits, VoiceEvent } from '../../machines/call-events.ts'
import type { EndReason } from '../../machines/end-reasons.ts'
import type { CallView } from '../../machines/instructions.ts'
import type { Clock } from './clock.ts'
import { beginCall, restore, stepCall, type TimerEvent } from './step.ts'
import type { CallAddress, CallRow, CallStore, Delivery, NewCall, Step } from './store.ts'
import { CallTimers } from './timers.ts'
import { lastVoice, viewOf } from './view.ts'

/** A call as it stands after something was said to it. `handled` is false when that changed nothing. */
export type CallNow = { row: CallRow; view: CallView; handled: boolean }

/** A timer of Node's may call back a millisecond before the clock says so. */
const EARLY_MS = 10

export type Admission = () => CallInput['admission']

/** What the host tells of each step, after it was committed. */
export type StepReport = { row: CallRow; step: Step }

export type CallHostOptions = {
  store: CallStore
  clock: Clock
  log: Logger
  nodeId: string
  limits: CallLimits
  maxConcurrentCalls: number
  /** Whether this node takes new calls at all. */
  isDraining: () => boolean
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
    const fire = async ({ callId, timerId }: { callId: string; timerId: string }) => {
      const firedAt = new Date(options.clock.now().getTime() + EARLY_MS)
      await this.#deliver({ callId }, { type: timerId } as TimerEvent, { timer: { id: timerId, firedAt } })
    }
    this.#timers = new CallTimers(options.clock, options.store, fire, options.log)
  }

  start(): void {
    this.#timers.start()
  }

  stop(): Promise<void> {
    return this.#timers.stop()
  }

  /** Begins the call, or finds the one that this carrier announced before. */
  async open(call: Omit<NewCall, 'id' | 'mediaSecret'>): Promise<CallNow & { created: boolean }> {
    const { store, clock, nodeId, maxConcurrentCalls: lines } = this.#options
    const fresh = { ...call, id: uuidv7(), mediaSecret: randomBytes(24).toString('base64url') }
    const { row, created, step } = await store.open(
      fresh,
      ({ voice, liveCalls }) => {
        const input = { admission: this.#admit(liveCalls), voice, limits: this.#options.limits }
        return beginCall(fresh.id, input, clock.now())
      },
      { nodeId, lines },
    )
    if (step) this.#committed(row, step)
    return { row, view: viewOfRow(row), handled: created, created }
  }

  /** Says something to a call; null when there is no such call. */
  send(
    address: CallAddress,
    event: CallEvent,
    delivery: Pick<Delivery, 'eventId'> = {},
  ): Promise<CallNow | null> {
    return this.#deliver(address, event, delivery)
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

  /** Tells every call that was bridged on these nodes, which are gone, that its stream broke. */
  async loseBridgesOf(nodeIds: string[]): Promise<void> {
    const bridges = await this.#options.store.bridgesHeldBy(nodeIds)
    await Promise.all(
      bridges.map(({ callId, attempt }) =>
        this.send({ callId }, { type: 'media.lost', attempt, clean: false }),
      ),
    )
  }

  /** Joins a media stream that presents the token of the call's present bridge; says why not otherwise. */
  async join(claim: {
    callId: string
    providerCallId: string
    token: string | null
  }): Promise<{ attempt: number; view: CallView } | { refused: string }> {
    const found = await this.find({ callId: claim.callId })
    if (!found) return { refused: 'unknown call' }
    if (found.row.providerCallId !== claim.providerCallId) return { refused: 'the stream is of another call' }
    const { attempt } = found.view.context
    if (!claim.token || !isSame(claim.token, streamToken(found.row, attempt))) {
      return { refused: 'the token is wrong or of an earlier bridge' }
    }
    const joined = await this.send(claim, { type: 'media.joined', attempt, node: this.#options.nodeId })
    return joined?.handled ? { attempt, view: joined.view } : { refused: 'the token was used before' }
  }

  #admit(liveCalls: number): 'accepted' | Extract<EndReason, 'capacity_full' | 'draining'> {
    if (this.#options.isDraining()) return 'draining'
    return liveCalls >= this.#options.maxConcurrentCalls ? 'capacity_full' : 'accepted'
  }

  async #deliver(
    address: CallAddress,
    event: CallEvent | TimerEvent,
    delivery: Delivery,
  ): Promise<CallNow | null> {
    const { store, clock, nodeId, onIgnored } = this.#options
    const done = await store.step(address, delivery, (row) => stepCall(row, event, clock.now()), nodeId)
    if (!done) return null
    const { row, step } = done
    if (!step) {
      if (!delivery.timer) onIgnored?.(event as CallEvent)
      return { row, view: viewOfRow(row), handled: false }
    }
    this.#committed(row, step)
    return { row, view: step.view, handled: true }
  }

  #committed(row: CallRow, step: Step): void {
    for (const timerId of step.timers.cancel) this.#timers.cancel(row.id, timerId)
    for (const { timerId, dueAt } of step.timers.set) this.#timers.set({ callId: row.id, timerId, dueAt })
    this.#options.onStep?.({ row, step })
  }
}

/** The single-use token of one bridge of one call; the chart takes each attempt once. */
export function streamToken(row: Pick<CallRow, 'mediaSecret' | 'id'>, attempt: number): string {
  return createHmac('sha256', row.mediaSecret).update(`${row.id}.${attempt}`).digest('base64url')
}

/** A call as its row tells it; one whose state the chart no longer knows is over for all who ask. */
function viewOfRow(row: CallRow): CallView {
  const snapshot = restore(row)
  if (snapshot) return viewOf(snapshot)
  const { context } = row.snapshot as { context: CallView['context'] }
  return { state: 'ended', bridge: null, voice: lastVoice(context), context }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
