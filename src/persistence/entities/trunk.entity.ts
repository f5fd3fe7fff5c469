import { defineEntity, p } from '@mikro-orm/core'
import type {
  DidSource,
  SrtpPolicy,
  TrunkCodec,
  TrunkName,
  TrunkRegistration,
  TrunkTransport,
} from '../../calls/trunk-ports.ts'
import type { Country } from '../../numbers/phone-numbers.ts'

/** A SIP trunk that an operator has set up. What each column means is told in `src/calls/trunk-ports.ts`. */
const TrunkSchema = defineEntity({
  name: 'Trunk',
  tableName: 'trunk',
  properties: {
    id: p.uuid().primary(),
    name: p.string().unique('trunk_name'),
    enabled: p.boolean(),
    server: p.string().nullable(),
    transport: p.string().$type<TrunkTransport>(),
    addresses: p.json<string[]>(),
    country: p.string().$type<Country>().nullable(),
    numbers: p.json<string[]>(),
    didFrom: p.string().$type<DidSource>(),
    codecs: p.json<TrunkCodec[]>(),
    srtp: p.string().$type<SrtpPolicy>().nullable(),
    maxCalls: p.integer().nullable(),
    maxCallsPerSecond: p.double().nullable(),
    /** With its password, as it is sent to nobody but is needed to prove it. */
    registration: p.json<TrunkRegistration>().nullable(),
    optionsSeconds: p.integer().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
})
export class Trunk extends TrunkSchema.class {}
TrunkSchema.setClass(Trunk)

/** How a trunk is doing, as the node says that keeps it; all times are the database's own. */
const TrunkStateSchema = defineEntity({
  name: 'TrunkState',
  tableName: 'trunk_state',
  properties: {
    trunk: () =>
      p
        .oneToOne(Trunk)
        .primary()
        .updateRule('no action')
        .deleteRule('cascade')
        .foreignKeyName('trunk_state_trunk_id_fkey'),
    /** Which node registers it and asks for it, and until when it may without saying so again. */
    nodeId: p.uuid().nullable(),
    keptUntil: p.datetime().nullable(),
    registeredUntil: p.datetime().nullable(),
    registrationError: p.text().nullable(),
    registrationAt: p.datetime().nullable(),
    serverStatus: p.integer().nullable(),
    serverError: p.text().nullable(),
    /** In a row. */
    serverFailures: p.integer().default(0),
    serverFailingSince: p.datetime().nullable(),
    serverRoundTripMs: p.double().nullable(),
    serverAt: p.datetime().nullable(),
    names: p.json<TrunkName[]>().defaultRaw(`'[]'`),
    /** When, if calls began evenly, the next one would. */
    nextCallAt: p.datetime().nullable(),
  },
})
export class TrunkState extends TrunkStateSchema.class {}
TrunkStateSchema.setClass(TrunkState)

/** A call that takes a place of its trunk's; it goes with the leg. */
const TrunkCallSchema = defineEntity({
  name: 'TrunkCall',
  tableName: 'trunk_call',
  properties: {
    id: p.uuid().primary(),
    trunk: () => p.manyToOne(Trunk).deleteRule('cascade').foreignKeyName('trunk_call_trunk_id_fkey'),
    nodeId: p.uuid(),
  },
  indexes: [{ name: 'trunk_call_trunk', properties: ['trunk'] }],
})
export class TrunkCall extends TrunkCallSchema.class {}
TrunkCallSchema.setClass(TrunkCall)
