import { defineEntity, p } from '@mikro-orm/core'

/** A job that a step of an actor asked for, written by it and handed to the queue a moment later. */
const ActorJobSchema = defineEntity({
  name: 'ActorJob',
  tableName: 'actor_job',
  properties: {
    id: p.bigint().primary(),
    task: p.string(),
    payload: p.json<object>().columnType('json'),
    key: p.string(),
    queue: p.string().nullable(),
    attempts: p.integer(),
  },
})
export class ActorJob extends ActorJobSchema.class {}
ActorJobSchema.setClass(ActorJob)
