import { defineEntity, p } from '@mikro-orm/core'
import type { TransferOutcome, VoiceWithheld } from '../../../machines/call-events.ts'
import type { CallerVerification } from '../../calls/caller-trust.ts'
import type { Provider } from '../../calls/ports.ts'

/** One call: its address, its state and, once it is over, how it ended. Written only under the row's lock. */
const CallSchema = defineEntity({
  name: 'CallLog',
  tableName: 'call_log',
  properties: {
    id: p.uuid().primary(),
    provider: p.string().$type<Provider>(),
    /** Of the caller's leg, for nodes of the release before; null while its carrier does not know it. See `call_leg`. */
    providerCallId: p.string().nullable(),
    direction: p.string().$type<'inbound' | 'outbound'>(),
    fromNumber: p.string(),
    toNumber: p.string(),
    agentId: p.uuid().nullable(),
    publicOrigin: p.text(),
    mediaSecret: p.string(),
    /** Where the call is, in words for people who filter and look; `snapshot` is what the machines go on from. */
    state: p.string(),
    bridge: p.string().nullable(),
    voiceState: p.string(),
    /** What SQL knows of the state, which each step fills: no query compares the names of states. */
    takesCapacity: p.boolean().default(false),
    isBridged: p.boolean().default(false),
    awaitsLastWord: p.boolean().default(false),
    /** Counts the call's bridges to the relay; null for calls that were over before it was written. */
    bridgeNumber: p.integer().nullable(),
    /** Whom somebody last wanted to have the call, and what became of it. */
    transferTo: p.string().nullable(),
    transferOutcome: p.string().$type<TransferOutcome>().nullable(),
    /** The last step that has filled them; one of a node of the release before has not. */
    projectedSeq: p.integer().default(0),
    snapshot: p.json<object>(),
    chartVersion: p.string(),
    lastSeq: p.integer(),
    /** Set while the call waits for, or speaks with, a clone of these samples. */
    sampleKey: p.string().nullable(),
    voiceId: p.string().nullable(),
    /** How far the caller's number was vouched for; null for calls that we place, and older ones. */
    callerVerification: p.string().$type<CallerVerification>().nullable(),
    /** Why the voice on file was not used; null when it was, or there was none. */
    voiceWithheld: p.string().$type<VoiceWithheld>().nullable(),
    /** The node that answered the carrier last; a node that drains waits for the calls it has. */
    nodeId: p.uuid().nullable(),
    startedAt: p.datetime().defaultRaw('now()'),
    bridgedAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    outcome: p.string().nullable(),
    fault: p.string().nullable(),
  },
  uniques: [{ name: 'call_log_provider_call', properties: ['provider', 'providerCallId'] }],
  indexes: [
    { name: 'call_log_started', properties: ['startedAt', 'id'] },
    { name: 'call_log_from_number', properties: ['fromNumber', 'startedAt', 'id'] },
    { name: 'call_log_to_number', properties: ['toNumber', 'startedAt', 'id'] },
    { name: 'call_log_provider', properties: ['provider', 'startedAt', 'id'] },
    { name: 'call_log_outcome', properties: ['outcome', 'startedAt', 'id'] },
    { name: 'call_log_provider_call_id', properties: ['providerCallId'] },
    {
      name: 'call_log_active',
      expression:
        'create index "call_log_active" on "call_log" ("started_at", "id") where "ended_at" is null',
    },
    {
      name: 'call_log_live',
      expression: 'create index "call_log_live" on "call_log" ("sample_key") where "ended_at" is null',
    },
  ],
})
export class CallLog extends CallSchema.class {}
CallSchema.setClass(CallLog)

/** What was said to a call, in order, with its states before and after. Never changed, never deleted. */
const CallEventSchema = defineEntity({
  name: 'CallEvent',
  tableName: 'call_event',
  properties: {
    call: () => p.manyToOne(CallLog).primary().deleteRule('cascade'),
    seq: p.integer().primary(),
    /** Names the delivery, so that a repeated one changes nothing. */
    eventId: p.string().nullable(),
    type: p.string(),
    event: p.json<object>(),
    stateBefore: p.string(),
    stateAfter: p.string(),
    effects: p.json<object[]>(),
    /** What the chart came to, whole, and which chart that was; null for what was written down before either was kept. */
    snapshot: p.json<object>().nullable(),
    chartVersion: p.string().nullable(),
    at: p.datetime(),
  },
  uniques: [{ name: 'call_event_delivery', properties: ['call', 'eventId'] }],
  indexes: [{ name: 'call_event_type', properties: ['type', 'at'] }],
})
export class CallEvent extends CallEventSchema.class {}
CallEventSchema.setClass(CallEvent)

/** A delayed transition that is due: any node fires it, exactly once. */
const CallTimerSchema = defineEntity({
  name: 'CallTimer',
  tableName: 'call_timer',
  properties: {
    call: () => p.manyToOne(CallLog).primary().deleteRule('cascade'),
    timerId: p.string().length(200).primary(),
    dueAt: p.datetime(),
    /** How often in turn it could not be fired. */
    failures: p.integer().default(0),
  },
  indexes: [{ name: 'call_timer_due', properties: ['dueAt'] }],
})
export class CallTimer extends CallTimerSchema.class {}
CallTimerSchema.setClass(CallTimer)
