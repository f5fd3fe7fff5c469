/*
 * The statements of the call store. Everything in one that writes is committed together and hangs on its first part: a
 * call that is there already, or that moved on since it was read, leaves nothing behind.
 */

/**
 * The database's own time, whatever the clocks of the nodes say. Of the call's statement, not of its transaction, which may
 * have waited; in milliseconds, because that is all that JavaScript's dates carry, and pages of calls go on from one.
 */
const MOMENT = `date_trunc('milliseconds', clock_timestamp())`
/** Node's timers may call back a millisecond before the time. */
const EARLY = `interval '10 milliseconds'`

/** A statement that each connection prepares once, under this name. */
export type Statement = { name: string; text: string }

const CALL_COLUMNS = `c.id, c.provider, c.provider_call_id as "providerCallId", c.direction,
  c.from_number as "from", c.to_number as "to", c.public_origin as "publicOrigin",
  c.media_secret as "mediaSecret", c.agent_id as "agentId", c.snapshot, c.chart_version as "chartVersion",
  c.last_seq as "lastSeq", c.sample_key as "sampleKey", c.started_at as "startedAt", c.ended_at as "endedAt", c.outcome`

const DELIVERED = (first: number) => `,
  exists(select 1 from call_event e where e.call_id = c.id and e.event_id = $${first}) as seen,
  exists(select 1 from call_timer t where t.call_id = c.id and t.timer_id = $${first + 1}
    and t.due_at <= clock_timestamp() + ${EARLY}) as "timerIsDue"`

const BY_OUR_ID = 'from call_log c where c.id = $1'
const BY_CARRIERS_ID = 'from call_log c where c.provider = $1 and c.provider_call_id = $2'

export const FIND = {
  ours: { name: 'find-call', text: `select ${CALL_COLUMNS} ${BY_OUR_ID}` },
  carriers: { name: 'find-carriers-call', text: `select ${CALL_COLUMNS} ${BY_CARRIERS_ID}` },
}

/** Parameters: the address, then the event's id and the timer's, null where there is none. */
export const FIND_FOR_STEP = {
  ours: { name: 'read-call', text: `select ${CALL_COLUMNS}${DELIVERED(2)} ${BY_OUR_ID}` },
  carriers: { name: 'read-carriers-call', text: `select ${CALL_COLUMNS}${DELIVERED(3)} ${BY_CARRIERS_ID}` },
}

/** How many calls take a place now. */
export const IN_CAPACITY = `select coalesce(sum(count), 0)::int from tally where name = 'in_capacity'`

/** Parameters: the dialled number, the caller's, and the agent who answers, null for that of the number. `mostOpenings` is how many calls may be opened at the same moment. */
export const ARRIVAL: Statement = {
  name: 'arrival',
  text: `
  select (${IN_CAPACITY}) as "liveCalls", current_setting('max_connections')::int as "mostOpenings",
         m.sample_key as "sampleKey", m.trust, v.vendor_voice_id as "vendorVoiceId",
         (select jsonb_build_object('id', a.id, 'name', a.name, 'backend', a.backend,
                   'vendorAgentId', a.vendor_agent_id, 'voiceId', a.voice_id, 'instructions', a.instructions,
                   'firstMessage', a.first_message, 'language', a.language)
            from agent a
            where a.id = coalesce($3::uuid, (select n.agent_id from agent_number n where n.number = $1))) as agent
  from (select $2::text as caller) arriving
  left join caller_voice_mapping m on m.caller_id = arriving.caller
  left join voice_clone_cache v on v.sample_key = m.sample_key and v.status = 'ready' and v.expires_at > now()`,
}

export const LIVE_WITH: Statement = {
  name: 'live-calls-with',
  text: 'select id from call_log where sample_key = $1 and ended_at is null',
}

export const COUNT_LIVE: Statement = {
  name: 'count-live-calls',
  text: 'select count(*) as count from call_log where node_id = $1 and ended_at is null',
}

/** Asked for in a query of its own, the time is one for all rows, and the index is used. */
export const DUE_TIMERS: Statement = {
  name: 'due-timers',
  text: `select call_id as "callId", timer_id as "timerId"
         from call_timer where due_at <= (select clock_timestamp()) order by due_at limit $1`,
}

/** After 1 s, 2 s, 4 s and so on, and at last every five minutes. One that was armed anew meanwhile stays as it is. */
export const POSTPONE_TIMER: Statement = {
  name: 'postpone-timer',
  text: `update call_timer set failures = failures + 1,
           due_at = clock_timestamp() + least(300, power(2, failures)) * interval '1 second'
         where call_id = $1 and timer_id = $2 and due_at <= clock_timestamp() + ${EARLY} returning failures`,
}

/** Parameters: jobs, as a JSON array. */
export const ENQUEUE: Statement = {
  name: 'enqueue-jobs',
  text: `
  select graphile_worker.add_job(j.task, payload => j.payload, queue_name => j.queue, max_attempts => j.attempts, job_key => j.key)
  from jsonb_to_recordset($1::jsonb) as j(task text, payload json, queue text, attempts int, key text)`,
}

/** Parameters: the call, the event's id, the key of the job. A job that was given up delivers nothing more. */
export const FATE: Statement = {
  name: 'fate-of-event',
  text: `
  select exists(select 1 from call_event where call_id = $1 and event_id = $2) as "isTaken",
         exists(select 1 from graphile_worker.jobs where key = $3 and attempts < max_attempts) as "isWaiting"`,
}

/** Parameters from `first` on: event, timers to forget, timers to set, jobs. `written` is the row that was written. */
const sideRows = (first: number) => `
  logged as (
    insert into call_event (call_id, seq, event_id, type, event, state_before, state_after, effects, snapshot, chart_version, at)
    select w.id, w.last_seq, e.event_id, e.type, e.event, e.state_before, e.state_after, e.effects, w.snapshot, w.chart_version, w.at
    from written w, jsonb_to_record($${first}::jsonb) as e(event_id text, type text, event jsonb, state_before text,
                                                   state_after text, effects jsonb)
  ),
  forgotten as (
    delete from call_timer t using written w
    where t.call_id = w.id and (w.ended_at is not null or t.timer_id in (select jsonb_array_elements_text($${first + 1}::jsonb)))
  ),
  armed as (
    insert into call_timer (call_id, timer_id, due_at)
    select w.id, t.timer_id, w.at + t.delay_ms * interval '1 millisecond'
    from written w, jsonb_to_recordset($${first + 2}::jsonb) as t(timer_id text, delay_ms double precision)
    on conflict (call_id, timer_id) do update set due_at = excluded.due_at, failures = 0
  ),
  queued as (
    insert into call_job (task, payload, key, queue, attempts)
    select j.task, j.payload, j.key, j.queue, j.attempts
    from written w, jsonb_to_recordset($${first + 3}::jsonb) as j(task text, payload json, queue text, attempts int, key text)
  )
  select w.id, w.started_at as "startedAt", w.ended_at as "endedAt" from written w`

const STEP_RECORD = `snapshot jsonb, chart_version text, state text, bridge text, voice_state text, voice_id text,
  node_id uuid, is_bridged boolean, bridge_number int, conversation_id text, outcome text, fault text`

/**
 * Parameters: the call with its first step, those of `sideRows`, how many calls there may be, null for one that takes no
 * place, and whether the last places are asked for, one call at a time.
 */
export const OPEN: Statement = {
  name: 'open-call',
  text: `
  with admitted as materialized (select $6::int is null or has_capacity($6, $7) as yes),
  moment as materialized (select ${MOMENT} as at from admitted where admitted.yes),
  written as (
    insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, agent_id, public_origin,
      media_secret, sample_key, caller_verification, voice_withheld, snapshot, chart_version, state, bridge, voice_state,
      voice_id, bridge_number, node_id, last_seq, started_at, ended_at, outcome, fault)
    select id, provider, provider_call_id, direction, from_number, to_number, agent_id, public_origin,
      media_secret, sample_key, caller_verification, voice_withheld, snapshot, chart_version, state, bridge, voice_state,
      voice_id, bridge_number, node_id, 1,
      moment.at, case when outcome is null then null else moment.at end, outcome, fault
    from jsonb_to_record($1::jsonb) as c(id uuid, provider text, provider_call_id text, direction text, from_number text,
      to_number text, agent_id uuid, public_origin text, media_secret text, sample_key text,
      caller_verification text, voice_withheld text, ${STEP_RECORD}), moment
    on conflict (provider, provider_call_id) do nothing
    returning *, started_at as at
  ),
  looked_up as (
    insert into voice_clone_log (sample_key, call_id, result, vendor_voice_id, at)
    select w.sample_key, w.id, case w.voice_state when 'cached' then 'hit' else 'miss' end, w.voice_id, w.started_at
    from written w where w.sample_key is not null
  ),
  touched as (
    update voice_clone_cache v set last_used_at = w.started_at
    from written w where v.sample_key = w.sample_key and v.status = 'ready'
  ),
  ${sideRows(2)}`,
}

/**
 * Parameters: the call's id, the sequence number it had when it was read, the step, those of `sideRows`, and what timers are called
 * from now on, of which none is forgotten or set in the same step.
 */
export const STEP: Statement = {
  name: 'step-call',
  text: `
  with moment as materialized (select ${MOMENT} as at),
  written as (
    update call_log c set
      snapshot = s.snapshot, chart_version = s.chart_version, state = s.state, bridge = s.bridge,
      voice_state = s.voice_state, voice_id = s.voice_id, bridge_number = s.bridge_number, node_id = s.node_id, last_seq = c.last_seq + 1,
      bridged_at = case when s.is_bridged then coalesce(c.bridged_at, greatest(moment.at, c.started_at)) else c.bridged_at end,
      ended_at = case when s.outcome is null then null else greatest(moment.at, c.bridged_at, c.started_at) end,
      outcome = s.outcome, fault = s.fault
    from moment, (values ($1::uuid, $2::int)) as expected(id, last_seq), jsonb_to_record($3::jsonb) as s(${STEP_RECORD})
    where c.id = expected.id and c.last_seq = expected.last_seq and c.ended_at is null
    returning c.*, moment.at, s.conversation_id
  ),
  conversed as (
    insert into agent_conversation (conversation_id, call_id, started_at)
    select w.conversation_id, w.id, w.at from written w where w.conversation_id is not null
    on conflict do nothing
  ),
  renamed as (
    update call_timer t set timer_id = r.name
    from written w, jsonb_each_text($8::jsonb) as r(was, name)
    where t.call_id = w.id and t.timer_id = r.was and w.ended_at is null
  ),
  ${sideRows(4)}`,
}
