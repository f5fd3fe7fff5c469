import { type ActorTable, beginStatement, type Statement } from './actor-statements.ts'

/* What is particular to calls among the statements of actors. */

const LEGS = `(select jsonb_agg(jsonb_build_object('id', l.id, 'role', l.role, 'provider', l.provider,
    'providerCallId', l.provider_call_id) order by l.started_at, l.id) from call_leg l where l.call_id = c.id)`

export const CALL_TABLE = {
  kind: 'call',
  table: 'call_log',
  fields: {
    provider: 'text',
    direction: 'text',
    from: 'text',
    to: 'text',
    publicOrigin: 'text',
    mediaSecret: 'text',
    agentId: 'uuid',
    sampleKey: 'text',
  },
  unread: { providerCallId: 'text', callerVerification: 'text', voiceWithheld: 'text' },
  projection: {
    state: 'text',
    bridge: 'text',
    voiceState: 'text',
    voiceId: 'text',
    bridgeNumber: 'int',
    takesCapacity: 'boolean',
    isBridged: 'boolean',
    awaitsLastWord: 'boolean',
    hasCachedVoice: 'boolean',
    legsGone: 'jsonb',
    conversationId: 'text',
    transferTo: 'text',
    transferOutcome: 'text',
    outcome: 'text',
    fault: 'text',
  },
  readBack: ['outcome'],
  joined: { legs: LEGS },
  key: {
    properties: ['provider', 'providerCallId'],
    isIt: 'c.id = (select a.call_id from call_leg a where a.provider = $1 and a.provider_call_id = $2)',
  },
  unique: ['provider', 'provider_call_id'],
  names: { from: 'from_number', to: 'to_number' },
  passed: ['hasCachedVoice', 'legsGone', 'conversationId'],
  reckoned: {
    bridged_at: {
      step: 'case when s.is_bridged then coalesce(c.bridged_at, greatest(moment.at, c.started_at)) else c.bridged_at end',
    },
    ended_at: { step: 'case when s.is_over then greatest(moment.at, c.bridged_at, c.started_at) end' },
    projected_seq: { begin: '1', step: 'c.last_seq + 1' },
  },
  beside: {
    parted: `
    update call_leg l set ended_at = coalesce(w.ended_at, greatest(w.at, l.started_at)),
      end_reason = coalesce(w.legs_gone ->> l.id::text, w.outcome)
    from written w
    where l.call_id = w.id and l.ended_at is null and (w.ended_at is not null or w.legs_gone ? l.id::text)`,
    conversed: `
    insert into agent_conversation (conversation_id, call_id, started_at)
    select w.conversation_id, w.id, w.at from written w where w.conversation_id is not null
    on conflict do nothing`,
  },
} as const satisfies ActorTable

/** How many calls take a place now. */
export const IN_CAPACITY = `select coalesce(sum(count), 0)::int from tally where name = 'in_capacity'`

/** Parameters: the dialled number, the caller's, and the agent who answers, null for that of the number. `mostOpenings` is how many calls may be opened at the same moment. */
export const ARRIVAL: Statement = {
  name: 'arrival',
  text: `
  select (${IN_CAPACITY}) as "liveCalls", current_setting('max_connections')::int as "mostOpenings",
         m.sample_key as "sampleKey", m.trust, v.vendor_voice_id as "vendorVoiceId",
         (select jsonb_build_object('id', a.id, 'name', a.name, 'backend', a.backend,
                   'vendorAgentId', a.vendor_agent_id, 'model', a.model, 'voiceId', a.voice_id,
                   'instructions', a.instructions, 'firstMessage', a.first_message, 'language', a.language,
                   'turnDetection', a.turn_detection)
            from agent a
            where a.id = coalesce($3::uuid, (select n.agent_id from agent_number n where n.number = $1))) as agent
  from (select $2::text as caller) arriving
  left join caller_voice_mapping m on m.caller_id = arriving.caller
  left join voice_clone_cache v on v.sample_key = m.sample_key and v.status = 'ready' and v.expires_at > now()`,
}

/**
 * Parameters: those of a beginning, how many calls there may be, null for one that takes no place, and whether the last places are
 * asked for, one call at a time.
 */
export const OPEN: Statement = {
  ...beginStatement(CALL_TABLE, {
    admitted: '$6::int is null or has_capacity($6, $7)',
    isNew: `not exists (
      select 1 from call_leg l where l.provider = s.provider and l.provider_call_id = s.provider_call_id)`,
    beside: {
      first_leg: `
      insert into call_leg (id, call_id, role, provider, provider_call_id, started_at, ended_at, end_reason)
      select ($1::jsonb ->> 'leg_id')::uuid, w.id, 'caller', w.provider, w.provider_call_id, w.started_at, w.ended_at, w.outcome
      from written w`,
      looked_up: `
      insert into voice_clone_log (sample_key, call_id, result, vendor_voice_id, at)
      select w.sample_key, w.id, case when s.has_cached_voice then 'hit' else 'miss' end, w.voice_id, w.started_at
      from written w, jsonb_to_record($1::jsonb) as s(has_cached_voice boolean) where w.sample_key is not null`,
      touched: `
      update voice_clone_cache v set last_used_at = w.started_at
      from written w where v.sample_key = w.sample_key and v.status = 'ready'`,
    },
  }),
  name: 'open-call',
}

/**
 * Parameters: the leg, and what its carrier calls it. Nodes of the release before look for it in the call's own row, which is
 * locked first, as each step does.
 */
export const NAME_LEG: Statement = {
  name: 'name-leg',
  text: `
  with found as (
    select l.id from call_leg l join call_log c on c.id = l.call_id where l.id = $1 for update of c
  ),
  named as (
    update call_leg l set provider_call_id = $2
    from found f where l.id = f.id and coalesce(l.provider_call_id, $2) = $2 returning l.id, l.call_id, l.role
  ),
  written as (
    update call_log c set provider_call_id = $2
    from named n where c.id = n.call_id and n.role = 'caller' and c.provider_call_id is null
  )
  select id from named`,
}

export const LIVE_WITH: Statement = {
  name: 'live-calls-with',
  text: 'select id from call_log where sample_key = $1 and ended_at is null',
}

export const COUNT_LIVE: Statement = {
  name: 'count-live-calls',
  text: 'select count(*) as count from call_log where node_id = $1 and ended_at is null',
}
