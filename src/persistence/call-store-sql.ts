/*
 * The two statements that write a call. Everything in one of them is committed together and hangs on its first part: a
 * call that is there already, or that moved on since it was read, leaves nothing behind.
 */

/** Parameters in order: event, timers to forget, timers to set, jobs, node. `written` is the row that was written. */
const SIDE_ROWS = `
  logged as (
    insert into call_event (call_id, seq, event_id, type, event, state_before, state_after, effects, at)
    select w.id, w.last_seq, e.event_id, e.type, e.event, e.state_before, e.state_after, e.effects, e.at
    from written w, jsonb_to_record(?::jsonb) as e(event_id text, type text, event jsonb, state_before text,
                                                   state_after text, effects jsonb, at timestamptz)
  ),
  forgotten as (
    delete from call_timer t using written w
    where t.call_id = w.id and (w.ended_at is not null or t.timer_id in (select jsonb_array_elements_text(?::jsonb)))
  ),
  armed as (
    insert into call_timer (call_id, timer_id, due_at)
    select w.id, t.timer_id, t.due_at
    from written w, jsonb_to_recordset(?::jsonb) as t(timer_id text, due_at timestamptz)
    on conflict (call_id, timer_id) do update set due_at = excluded.due_at
  ),
  queued as (
    select graphile_worker.add_job(j.task, payload => j.payload, queue_name => j.queue, max_attempts => j.attempts, job_key => j.key)
    from written w, jsonb_to_recordset(?::jsonb) as j(task text, payload json, queue text, attempts int, key text)
  ),
  told as (
    select pg_notify('call_feed', json_build_object('callId', w.id, 'seq', w.last_seq, 'state', w.state, 'node', ?::text)::text)
    from written w
  )
  select w.id, (select count(*) from queued) as queued, (select count(*) from told) as told from written w`

const STEP_RECORD = `snapshot jsonb, chart_version text, state text, bridge text, voice_state text, voice_id text,
  node_id uuid, is_bridged boolean, at timestamptz, outcome text, fault text`

/** Parameters: the call with its first step, then SIDE_ROWS'. */
export const OPEN_CALL = `
  with written as (
    insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, agent_id, public_origin,
      media_secret, sample_key, snapshot, chart_version, state, bridge, voice_state, voice_id, node_id, last_seq,
      started_at, ended_at, outcome, fault)
    select id, provider, provider_call_id, direction, from_number, to_number, agent_id, public_origin,
      media_secret, sample_key, snapshot, chart_version, state, bridge, voice_state, voice_id, node_id, 1,
      at, case when outcome is null then null else at end, outcome, fault
    from jsonb_to_record(?::jsonb) as c(id uuid, provider text, provider_call_id text, direction text, from_number text,
      to_number text, agent_id uuid, public_origin text, media_secret text, sample_key text, ${STEP_RECORD})
    on conflict (provider, provider_call_id) do nothing
    returning *
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
  ${SIDE_ROWS}`

/** Parameters: the call's id, the sequence number it had when it was read, the step, then SIDE_ROWS'. */
export const STEP_CALL = `
  with written as (
    update call_log c set
      snapshot = s.snapshot, chart_version = s.chart_version, state = s.state, bridge = s.bridge,
      voice_state = s.voice_state, voice_id = s.voice_id, node_id = s.node_id, last_seq = c.last_seq + 1,
      bridged_at = case when s.is_bridged then coalesce(c.bridged_at, s.at) else c.bridged_at end,
      ended_at = case when s.outcome is null then null else s.at end, outcome = s.outcome, fault = s.fault
    from (values (?::uuid, ?::int)) as expected(id, last_seq), jsonb_to_record(?::jsonb) as s(${STEP_RECORD})
    where c.id = expected.id and c.last_seq = expected.last_seq
    returning c.*
  ),
  conversed as (
    insert into agent_conversation (conversation_id, call_id, started_at)
    select w.snapshot->'context'->>'conversationId', w.id, now()
    from written w where w.snapshot->'context'->>'conversationId' is not null
    on conflict do nothing
  ),
  ${SIDE_ROWS}`
