import { defineEntity, p } from '@mikro-orm/core'

/** A process of this service. It lives as long as it says so; its jobs are freed when it is gone. */
const ServiceNodeSchema = defineEntity({
  name: 'ServiceNode',
  tableName: 'service_node',
  properties: {
    id: p.uuid().primary(),
    workerIds: p.array(),
    roles: p.array().defaultRaw(`'{}'`),
    /** The charts whose calls it can take a step with. */
    charts: p.array().defaultRaw(`'{1}'`),
    /** The ws origin of its relay, while it takes streams. */
    relayUrl: p.text().nullable(),
    /** The http origin at which the other nodes ask whether it lives, and the machine that this is seen from. */
    address: p.text().nullable(),
    host: p.text().nullable(),
    /** False while it drains. */
    takesCalls: p.boolean().defaultRaw('true'),
    /** How far its clock is ahead of the database's. */
    clockOffsetMs: p.double().nullable(),
    /** By the database's clock, like all of these. Null for a node of a version that writes none. */
    heartbeatAt: p.datetime().nullable(),
    /** When the others last led its calls elsewhere because it answers nobody. */
    unresponsiveAt: p.datetime().nullable(),
  },
})
export class ServiceNode extends ServiceNodeSchema.class {}
ServiceNodeSchema.setClass(ServiceNode)
