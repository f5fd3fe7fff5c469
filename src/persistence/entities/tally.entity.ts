import { defineEntity, p } from '@mikro-orm/core'

/** A share of a count: a count is the sum over its slots, of which each connection writes its own. */
const TallySchema = defineEntity({
  name: 'Tally',
  tableName: 'tally',
  properties: {
    name: p.string().length(32).primary(),
    label: p.string().primary(),
    slot: p.smallint().primary(),
    count: p.bigint(),
    /** Of what has a duration, the sum. */
    totalMs: p.bigint().defaultRaw('0'),
  },
})
export class Tally extends TallySchema.class {}
TallySchema.setClass(Tally)
