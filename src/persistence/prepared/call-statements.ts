import { type ActorTable, beginStatement, type Statement } from './actor-statements.ts'

/* What is particular to calls among the statements of actors. */

export const CALL_TABLE = {
  kind: 'call',
  table: 'call_log',
  fields: {
    provider: 'text',
    providerCallId: 'text',
    direction: 'text',
    from: 'text',
    to: 'text',
    publicOrigin: 'text',
    mediaSecret: 'text',
    agentId: 'uuid',
    sampleKey: 'text',
  },
  unread: { callerVerification: 'text', voiceWithheld: 'text' },
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
    conversationId: 'text',
    outcome: 'text',
    fault: 'text',
  },
  readBack: ['outcome'],
  key: ['provider', 'providerCallId'],
  names: { from: 'from_number', to: 'to_number' },
  passed: ['hasCachedVoice', 'conversationId'],
  reckoned: {
    bridged_at: {
      step: 'case when s.is_bridged then coalesce(c.bridged_at, greatest(moment.at, c.started_at)) else c.bridged_at end',
    },
    ended_at: { step: 'case when s.is_over then greatest(moment.at, c.bridged_at, c.started_at) end' },
    projected_seq: { begin: '1', step: 'c.last_seq + 1' },
  },
  beside: {
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
                   'vendorAgentId', a.vendor_agent_id, 'voiceId', a.voice_id, 'instructions', a.instructions,
                   'firstMessage', a.first_message, 'language', a.language)
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
    beside: {
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

export const LIVE_WITH: Statement = {
  name: 'live-calls-with',
  text: 'select id from call_log where sample_key = $1 and ended_at is null',
}

export const COUNT_LIVE: Statement = {
  name: 'count-live-calls',
  text: 'select count(*) as count from call_log where node_id = $1 and ended_at is null',
}
