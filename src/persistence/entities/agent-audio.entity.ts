import { defineEntity, p } from '@mikro-orm/core'

/** How an agent was last found to hear and to speak, in samples a second. The default agent has an id, but no row of its own. */
const AgentAudioSchema = defineEntity({
  name: 'AgentAudio',
  tableName: 'agent_audio',
  properties: {
    agentId: p.string().primary(),
    hearsRate: p.integer(),
    speaksRate: p.integer(),
  },
})
export class AgentAudio extends AgentAudioSchema.class {}
AgentAudioSchema.setClass(AgentAudio)
