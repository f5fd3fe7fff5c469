import { defineEntity, p } from '@mikro-orm/core'

/** A process of this service. It lives as long as its feed connection does; its jobs are freed when it is gone. */
const ServiceNodeSchema = defineEntity({
  name: 'ServiceNode',
  tableName: 'service_node',
  properties: {
    id: p.uuid().primary(),
    workerIds: p.array(),
    roles: p.array(),
    /** The ws origin of its relay, while it takes streams. */
    relayUrl: p.text().nullable(),
    startedAt: p.datetime().defaultRaw('now()'),
  },
})
export class ServiceNode extends ServiceNodeSchema.class {}
ServiceNodeSchema.setClass(ServiceNode)
