import type pg from 'pg'
import type {
  ActorStep,
  ActorStore,
  ActorTypes,
  Address,
  Delivery,
  TimerAddress,
} from '../actors/actor-store.ts'
import {
  type ActorTable,
  actorStatements,
  ENQUEUE,
  recordOf,
  type Statement,
} from './prepared/actor-statements.ts'

/** Another event of the same actor came first each time; more than a handful means that something is very wrong. */
const MAX_ATTEMPTS = 25

/** Runs one prepared statement. */
export type Run = <Row extends object>(statement: Statement, values: unknown[]) => Promise<Row[]>

export const preparedOn =
  (pool: pg.Pool): Run =>
  async <Row extends object>({ name, text }: Statement, values: unknown[]) =>
    (await pool.query<Row>({ name, text, values })).rows

/** What the database's clock said. */
export type Times = { startedAt: Date; endedAt: Date | null }

/** What an actor is known with from its beginning. */
export type Fresh<T extends ActorTypes> = Omit<
  T['row'],
  'snapshot' | 'chartVersion' | 'lastSeq' | keyof Times
>

/**
 * Keeps the actors of a kind in PostgreSQL. A step is one statement that writes only if the actor's last sequence number is still the
 * one that was read: the row's lock and that number are the mailbox, in whatever process the events arrive.
 *
 * Whoever waits for an actor waits for these statements, and planning them takes longer than running them, so they are prepared once
 * for each connection; the ORM cannot do that.
 */
export function createActorStore<T extends ActorTypes>(pool: pg.Pool, table: ActorTable) {
  const run = preparedOn(pool)
  const statements = actorStatements(table)

  async function find(address: Address<T>): Promise<T['row'] | null> {
    const [row] = await run<T['row']>(...addressed(statements.find, table, address))
    return row ?? null
  }

  async function readForStep(address: Address<T>, { eventId = null, timerId = null }: NullableDelivery) {
    const [statement, values] = addressed(statements.read, table, address)
    const [read] = await run<T['row'] & Delivered>(statement, [...values, eventId, timerId])
    if (!read) return null
    const { seen, timerIsDue, ...row } = read
    return { row: row as unknown as T['row'], seen, timerIsDue }
  }

  const store: ActorStore<T> = {
    find,

    async findAhead(seen) {
      return (await run<{ id: string }>(statements.findAhead, [JSON.stringify(seen)])).map(({ id }) => id)
    },

    async step(address, delivery, decide, nodeId) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const found = await readForStep(address, delivery)
        if (!found) return null
        const { row, seen, timerIsDue } = found
        if (seen || (delivery.timerId && !timerIsDue)) return { row, step: null, repeated: true }
        const step = row.endedAt ? null : decide(row)
        if (!step) return { row, step: null, repeated: false }
        const written = await run(statements.step, [
          row.id,
          row.lastSeq,
          recordOf(table, columnsOf(step, nodeId)),
          ...sideRows(step, delivery),
          JSON.stringify(renamed(step, delivery)),
        ])
        if (written.length > 0) return { row, step, repeated: false }
      }
      const kind = table.kind
      throw new Error(
        `The ${kind} ${JSON.stringify(address)} changed under every one of ${MAX_ATTEMPTS} attempts.`,
      )
    },

    async enqueue(job) {
      await run(ENQUEUE, [JSON.stringify([job])])
    },

    async fateOf({ id, eventId, key }) {
      const [fate] = await run<{ isTaken: boolean; isWaiting: boolean }>(statements.fate, [id, eventId, key])
      if (fate?.isTaken) return 'taken'
      return fate?.isWaiting ? 'waiting' : 'ignored'
    },

    dueTimers: (limit) => run<TimerAddress>(statements.dueTimers, [limit]),

    async postponeTimer({ id, timerId }) {
      return (await run<{ failures: number }>(statements.postponeTimer, [id, timerId]))[0]?.failures ?? 0
    },
  }

  return {
    ...store,

    /** Writes an actor with its first step; without a step where it is there already. */
    async begin(
      fresh: Fresh<T>,
      step: ActorStep<T>,
      nodeId: string,
    ): Promise<{ row: T['row']; step: ActorStep<T> | null }> {
      const [times] = await run<Times>(statements.begin, beginning(table, fresh, step, nodeId))
      if (times) return { row: rowOf(fresh, step, times), step }
      const row = await find(fresh.id)
      if (!row) throw new Error(`The ${table.kind} ${fresh.id} is neither new nor known.`)
      return { row, step: null }
    },
  }
}

type NullableDelivery = { eventId?: string | null; timerId?: string | null }
type Delivered = { seen: boolean; timerIsDue: boolean }

function addressed<T extends ActorTypes>(
  statement: { id: Statement; key: Statement },
  { key }: ActorTable,
  address: Address<T>,
): [Statement, unknown[]] {
  if (typeof address === 'string') return [statement.id, [address]]
  const values = address as Readonly<Record<string, unknown>>
  return [statement.key, (key?.properties ?? []).map((property) => values[property])]
}

/** The parameters of a beginning. `fresh` may hold more than is read back. */
export function beginning<T extends ActorTypes>(
  table: ActorTable,
  fresh: object,
  step: ActorStep<T>,
  nodeId: string,
): unknown[] {
  return [recordOf(table, { ...fresh, ...columnsOf(step, nodeId) }), ...sideRows(step, {})]
}

/** The row that was written, without reading it again. */
export function rowOf<T extends ActorTypes>(fresh: Fresh<T>, step: ActorStep<T>, times: Times): T['row'] {
  const { snapshot, chartVersion } = step
  return { ...fresh, snapshot, chartVersion, lastSeq: 1, ...times } as unknown as T['row']
}

const columnsOf = <T extends ActorTypes>(step: ActorStep<T>, nodeId: string) => ({
  ...step.columns,
  snapshot: step.snapshot,
  chartVersion: step.chartVersion,
  nodeId,
  isOver: step.end !== null,
})

/** The event, the timers to forget, the timers to set and the jobs, in the order in which the statements take them. */
function sideRows<T extends ActorTypes>(step: ActorStep<T>, delivery: Delivery): string[] {
  const event = {
    event_id: delivery.eventId ?? null,
    type: step.event.type,
    event: step.event,
    state_before: step.stateBefore,
    state_after: step.stateAfter,
    effects: step.effects,
  }
  const { set, cancel, rename } = step.timers
  const again = new Set(set.map((timer) => timer.timerId))
  const replaced = [...again, ...cancel].flatMap((name) => namesBefore(name, rename))
  const gone = [...cancel, ...replaced, ...(delivery.timerId ? [delivery.timerId] : [])]
  return [
    JSON.stringify(event),
    JSON.stringify(gone.filter((id) => !again.has(id))),
    JSON.stringify(set.map(({ timerId, delayMs }) => ({ timer_id: timerId, delay_ms: delayMs }))),
    JSON.stringify(step.jobs),
  ]
}

type Renames = ActorStep['timers']['rename']

const namesBefore = (name: string, rename: Renames): string[] =>
  Object.keys(rename).filter((was) => rename[was] === name)

/** What timers are called from now on, but for those that the step forgets or sets anew. */
function renamed(
  { timers: { set, cancel, rename } }: Pick<ActorStep, 'timers'>,
  { timerId }: Delivery,
): Record<string, string> {
  const settled = new Set([...set.map((timer) => timer.timerId), ...cancel])
  return Object.fromEntries(
    Object.entries(rename).filter(([was, name]) => was !== timerId && !settled.has(name)),
  )
}
