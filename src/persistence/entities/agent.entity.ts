import { defineEntity, p } from '@mikro-orm/core'
import type { AgentBackend, TurnDetection } from '../../calls/agent-settings.ts'

/** How a voice agent is set up, and which numbers it answers. */
const AgentSchema = defineEntity({
  name: 'Agent',
  tableName: 'agent',
  properties: {
    id: p.uuid().primary(),
    name: p.string(),
    backend: p.string().$type<AgentBackend>(),
    vendorAgentId: p.string().nullable(),
    model: p.string().nullable(),
    voiceId: p.string().nullable(),
    instructions: p.text().nullable(),
    firstMessage: p.text().nullable(),
    language: p.string().nullable(),
    turnDetection: p.json<TurnDetection>().nullable(),
    tools: p.json<object[]>(),
    transferNumber: p.string().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
})
export class Agent extends AgentSchema.class {}
AgentSchema.setClass(Agent)

/** A number belongs to one agent at most. */
const AgentNumberSchema = defineEntity({
  name: 'AgentNumber',
  tableName: 'agent_number',
  properties: {
    number: p.string().primary(),
    agent: () => p.manyToOne(Agent).deleteRule('cascade'),
  },
})
export class AgentNumber extends AgentNumberSchema.class {}
AgentNumberSchema.setClass(AgentNumber)
