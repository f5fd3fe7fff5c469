/*
 * The statements by which actors of any kind are kept. Everything in one that writes is committed together and hangs on its first
 * part: an actor that is there already, or that moved on since it was read, leaves nothing behind.
 */

/** A statement that each connection prepares once, under this name. */
export type Statement = { name: string; text: string }

type PostgresType = 'text' | 'uuid' | 'int' | 'boolean' | 'jsonb' | 'timestamptz' | 'double precision'
/** The types of properties, whose columns have the same names in snake_case. */
type Columns = Readonly<Record<string, PostgresType>>

/**
 * Where the actors of a kind are kept: a table of rows, which has the columns of ACTOR_COLUMNS and those that are named here. Events and
 * timers are in `KIND_event` and `KIND_timer`, which refer to it by `KIND_id`; jobs of all kinds are in `actor_job`.
 */
export type ActorTable = {
  kind: string
  table: string
  /** What is known from the beginning and read with every row. */
  fields: Columns
  /** What is known from the beginning and is for others to read. */
  unread?: Columns
  /** What every step fills. */
  projection: Columns
  /** Of those, what is read with every row, too. */
  readBack?: readonly string[]
  /** What is read with every row `c` from elsewhere: its property, and the expression. */
  joined?: Readonly<Record<string, string>>
  /** By what others know an actor: the properties, which are the first parameters, and the condition on the row `c`. */
  key?: { properties: readonly string[]; isIt: string }
  /** The columns of a unique constraint on which a beginning finds the actor there already; its id, where left out. */
  unique?: readonly string[]
  /** Names of columns that are no property's in snake_case. */
  names?: Readonly<Record<string, string>>
  /** Of the projection, what is for `beside` alone and has no column. */
  passed?: readonly string[]
  /** Columns that a step reckons from the row `c`, the step `s` and the `moment`, and what they begin with, where that is not null. */
  reckoned?: Readonly<Record<string, { begin?: string; step: string }>>
  /** Statements that a step carries out, too, by their name within its statement: `w` is the row, with `at` and what is passed. */
  beside?: Readonly<Record<string, string>>
}

const ACTOR_COLUMNS = {
  snapshot: 'jsonb',
  chartVersion: 'text',
  nodeId: 'uuid',
} as const satisfies Columns

/**
 * The database's own time, whatever the clocks of the nodes say. Of the actor's statement, not of its transaction, which may
 * have waited; in milliseconds, because that is all that JavaScript's dates carry, and pages of calls go on from one.
 */
const MOMENT = `date_trunc('milliseconds', clock_timestamp())`
/** Node's timers may call back a millisecond before the time. */
const EARLY = `interval '10 milliseconds'`

const columnOf = ({ names }: Pick<ActorTable, 'names'>, property: string): string =>
  names?.[property] ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** What a step has by the names of its columns, as the statements take it. */
export function recordOf(table: ActorTable, values: Readonly<Record<string, unknown>>): string {
  const columns = Object.entries(values).map(([property, value]) => [columnOf(table, property), value])
  return JSON.stringify(Object.fromEntries(columns))
}

export function actorStatements(table: ActorTable) {
  const { kind } = table
  return {
    find: byIdOrKey(table, `find-${kind}`, rowColumns(table)),
    /** Parameters: the address, then the event's id and the timer's, null where there is none. */
    read: byIdOrKey(table, `read-${kind}`, rowColumns(table), delivered(kind)),
    /** Parameters: ids with the numbers of steps, as a JSON array. */
    findAhead: {
      name: `find-${kind}s-ahead`,
      text: `select c.id from jsonb_to_recordset($1::jsonb) as s(id uuid, seq int)
         join ${table.table} c on c.id = s.id where c.last_seq > s.seq`,
    },
    begin: beginStatement(table),
    step: stepStatement(table),
    ...timerStatements(kind),
    /** Parameters: the actor, the event's id, the key of the job. A job that was given up delivers nothing more. */
    fate: {
      name: `fate-of-${kind}-event`,
      text: `
  select exists(select 1 from ${kind}_event where ${kind}_id = $1 and event_id = $2) as "isTaken",
         exists(select 1 from graphile_worker.jobs where key = $3 and attempts < max_attempts) as "isWaiting"`,
    },
  }
}

/** Parameters: jobs, as a JSON array. */
export const ENQUEUE: Statement = {
  name: 'enqueue-jobs',
  text: `
  select graphile_worker.add_job(j.task, payload => j.payload, queue_name => j.queue, max_attempts => j.attempts, job_key => j.key)
  from jsonb_to_recordset($1::jsonb) as j(task text, payload json, queue text, attempts int, key text)`,
}

const rowColumns = (table: ActorTable): string =>
  [
    'id',
    'snapshot',
    'chartVersion',
    'lastSeq',
    'startedAt',
    'endedAt',
    ...Object.keys(table.fields),
    ...(table.readBack ?? []),
  ]
    .map((property) => `c.${columnOf(table, property)} as "${property}"`)
    .concat(Object.entries(table.joined ?? {}).map(([property, value]) => `${value} as "${property}"`))
    .join(', ')

const delivered = (kind: string) => (first: number) =>
  `,
  exists(select 1 from ${kind}_event e where e.${kind}_id = c.id and e.event_id = $${first}) as seen,
  exists(select 1 from ${kind}_timer t where t.${kind}_id = c.id and t.timer_id = $${first + 1}
    and t.due_at <= clock_timestamp() + ${EARLY}) as "timerIsDue"`

function byIdOrKey(
  table: ActorTable,
  name: string,
  columns: string,
  besides: (first: number) => string = () => '',
): { id: Statement; key: Statement } {
  const { properties, isIt } = table.key ?? { properties: [], isIt: 'false' }
  const select = (parameters: number) => `select ${columns}${besides(parameters + 1)} from ${table.table} c`
  return {
    id: { name, text: `${select(1)} where c.id = $1` },
    key: { name: `${name}-by-key`, text: `${select(properties.length)} where ${isIt}` },
  }
}

function timerStatements(kind: string) {
  return {
    /** Asked for in a query of its own, the time is one for all rows, and the index is used. */
    dueTimers: {
      name: `due-${kind}-timers`,
      text: `select ${kind}_id as id, timer_id as "timerId"
         from ${kind}_timer where due_at <= (select clock_timestamp()) order by due_at limit $1`,
    },
    /** After 1 s, 2 s, 4 s and so on, and at last every five minutes. One that was armed anew meanwhile stays as it is. */
    postponeTimer: {
      name: `postpone-${kind}-timer`,
      text: `update ${kind}_timer set failures = failures + 1,
           due_at = clock_timestamp() + least(300, power(2, failures)) * interval '1 second'
         where ${kind}_id = $1 and timer_id = $2 and due_at <= clock_timestamp() + ${EARLY} returning failures`,
    },
  }
}

/** Parameters from `first` on: event, timers to forget, timers to set, jobs. `written` is the row that was written. */
const sideRows = (kind: string, first: number) => `
  logged as (
    insert into ${kind}_event (${kind}_id, seq, event_id, type, event, state_before, state_after, effects, snapshot, chart_version, at)
    select w.id, w.last_seq, e.event_id, e.type, e.event, e.state_before, e.state_after, e.effects, w.snapshot, w.chart_version, w.at
    from written w, jsonb_to_record($${first}::jsonb) as e(event_id text, type text, event jsonb, state_before text,
                                                   state_after text, effects jsonb)
  ),
  forgotten as (
    delete from ${kind}_timer t using written w
    where t.${kind}_id = w.id and (w.ended_at is not null or t.timer_id in (select jsonb_array_elements_text($${first + 1}::jsonb)))
  ),
  armed as (
    insert into ${kind}_timer (${kind}_id, timer_id, due_at)
    select w.id, t.timer_id, w.at + t.delay_ms * interval '1 millisecond'
    from written w, jsonb_to_recordset($${first + 2}::jsonb) as t(timer_id text, delay_ms double precision)
    on conflict (${kind}_id, timer_id) do update set due_at = excluded.due_at, failures = 0
  ),
  queued as (
    insert into actor_job (task, payload, key, queue, attempts)
    select j.task, j.payload, j.key, j.queue, j.attempts
    from written w, jsonb_to_recordset($${first + 3}::jsonb) as j(task text, payload json, queue text, attempts int, key text)
  )
  select w.id, w.started_at as "startedAt", w.ended_at as "endedAt" from written w`

/** What a beginning asks and does besides: `admitted` says whether there is a place, `beside` what is carried out with it. */
export type Beginning = {
  admitted?: string
  /** A condition on the new row `s`; where it does not hold the actor is there already. */
  isNew?: string
  beside?: Readonly<Record<string, string>>
}

/**
 * Parameters: the actor with its first step, and those of `sideRows`. Writes nothing when it is there already, or is not admitted.
 */
export function beginStatement(
  table: ActorTable,
  { admitted, isNew, beside = {} }: Beginning = {},
): Statement {
  const { kind, table: into, fields, unread = {}, unique = ['id'], reckoned = {} } = table
  const given = { id: 'uuid', ...fields, ...unread, ...stepColumns(table), ...ACTOR_COLUMNS } as const
  const filled = Object.keys(given).map((property) => columnOf(table, property))
  const values: Record<string, string> = {
    ...Object.fromEntries(filled.map((name) => [name, `s.${name}`])),
    last_seq: '1',
    started_at: 'moment.at',
    ended_at: 'case when s.is_over then moment.at end',
    ...Object.fromEntries(
      Object.entries(reckoned).flatMap(([name, { begin }]) => (begin ? [[name, begin]] : [])),
    ),
  }
  const place = admitted === undefined ? '' : ' from admitted where admitted.yes'
  return {
    name: `begin-${kind}`,
    text: `
  with ${admitted === undefined ? '' : `admitted as materialized (select ${admitted} as yes),`}
  moment as materialized (select ${MOMENT} as at${place}),
  written as (
    insert into ${into} (${Object.keys(values).join(', ')})
    select ${Object.values(values).join(', ')}
    from jsonb_to_record($1::jsonb) as s(${record(table, given)}), moment${isNew === undefined ? '' : ` where ${isNew}`}
    on conflict (${unique.join(', ')}) do nothing
    returning *, started_at as at
  ),${named(beside)}
  ${sideRows(kind, 2)}`,
  }
}

/**
 * Parameters: the actor's id, the sequence number it had when it was read, the step, those of `sideRows`, and what timers are called
 * from now on, of which none is forgotten or set in the same step.
 */
function stepStatement(table: ActorTable): Statement {
  const { kind, projection, passed = [], reckoned = {}, beside = {} } = table
  const filled = Object.keys({ ...stepColumns(table), ...ACTOR_COLUMNS }).map((property) =>
    columnOf(table, property),
  )
  const columns: Record<string, string> = {
    ...Object.fromEntries(filled.map((name) => [name, `s.${name}`])),
    last_seq: 'c.last_seq + 1',
    ended_at: 'case when s.is_over then greatest(moment.at, c.started_at) end',
    ...Object.fromEntries(Object.entries(reckoned).map(([name, { step }]) => [name, step])),
  }
  const sets = Object.entries(columns).map(([column, value]) => `${column} = ${value}`)
  return {
    name: `step-${kind}`,
    text: `
  with moment as materialized (select ${MOMENT} as at),
  written as (
    update ${table.table} c set ${sets.join(', ')}
    from moment, (values ($1::uuid, $2::int)) as expected(id, last_seq),
      jsonb_to_record($3::jsonb) as s(${record(table, { ...projection, ...ACTOR_COLUMNS })})
    where c.id = expected.id and c.last_seq = expected.last_seq and c.ended_at is null
    returning c.*, moment.at${passed.map((property) => `, s.${columnOf(table, property)}`).join('')}
  ),${named(beside)}
  renamed as (
    update ${kind}_timer t set timer_id = r.name
    from written w, jsonb_each_text($8::jsonb) as r(was, name)
    where t.${kind}_id = w.id and t.timer_id = r.was and w.ended_at is null
  ),
  ${sideRows(kind, 4)}`,
  }
}

/** What of the projection has a column. */
const stepColumns = ({ projection, passed = [] }: ActorTable): Columns =>
  Object.fromEntries(Object.entries(projection).filter(([property]) => !passed.includes(property)))

const record = (table: ActorTable, columns: Columns): string =>
  [
    ...Object.entries(columns).map(([property, type]) => `${columnOf(table, property)} ${type}`),
    'is_over boolean',
  ].join(', ')

const named = (beside: Readonly<Record<string, string>>): string =>
  Object.entries(beside)
    .map(([name, text]) => `\n  ${name} as (${text}),`)
    .join('')
